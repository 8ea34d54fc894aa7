// The HTTP client of the command line.
#pragma once

#include <cstddef>

#include "proxy/client/http_client.h"

namespace woad {

// As HttpClient::ask(), by a client of its own. It waits for the whole answer on a loop of its own:
// not for a thread that runs a loop.
HttpAnswer ask_and_wait(HttpClientOptions options, HttpRequest request, size_t most);

}  // namespace woad
