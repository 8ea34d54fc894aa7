// The HTTP client of the command line: it waits for each answer, on a loop of its own. Not for a
// thread that runs a loop.
#pragma once

#include <cstddef>

#include "proxy/base/buffer.h"
#include "proxy/client/http_client.h"
#include "proxy/net/loop.h"

namespace woad {

class BlockingClient {
 public:
  explicit BlockingClient(HttpClientOptions options);
  // The whole answer, as HttpClient::ask() gives it.
  HttpAnswer ask(HttpRequest request, size_t most);

 private:
  BlockPool blocks_;
  Loop loop_;
  HttpClient client_;
};

}  // namespace woad
