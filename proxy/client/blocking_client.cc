#include "proxy/client/blocking_client.h"

#include <utility>

namespace woad {

BlockingClient::BlockingClient(HttpClientOptions options)
    : client_(loop_, blocks_, std::move(options)) {}

HttpAnswer BlockingClient::ask(HttpRequest request, size_t most) {
  HttpAnswer answer;
  const auto call = client_.ask(std::move(request), most, [&](HttpAnswer whole) {
    answer = std::move(whole);
    loop_.stop();
  });
  loop_.run();
  return answer;
}

}  // namespace woad
