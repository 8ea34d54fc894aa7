#include "proxy/client/ask_and_wait.h"

#include <utility>

#include "proxy/base/buffer.h"
#include "proxy/net/loop.h"

namespace woad {

HttpAnswer ask_and_wait(HttpClientOptions options, HttpRequest request, size_t most) {
  BlockPool blocks;
  Loop loop;
  HttpClient client(loop, blocks, std::move(options));
  HttpAnswer answer;
  const auto call = client.ask(std::move(request), most, [&](HttpAnswer whole) {
    answer = std::move(whole);
    loop.stop();
  });
  loop.run();
  return answer;
}

}  // namespace woad
