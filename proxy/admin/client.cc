#include "proxy/admin/client.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "proxy/base/strings.h"
#include "proxy/client/blocking_client.h"

namespace woad {
namespace {

constexpr Duration kPollEvery = milliseconds(50);
constexpr Duration kOneRequest = seconds(2);
constexpr size_t kMostBytes = 1 << 20;

HttpClientOptions client_of(const Address& address) {
  return {.origin = {.host = address.host(),
                     .port = address.port(),
                     .authority = address.to_string(),
                     .target = "/"}};
}

}  // namespace

HttpAnswer ask_admin(const Address& address, std::string method, std::string target,
                     Duration limit) {
  return BlockingClient(client_of(address))
      .ask({.method = std::move(method), .target = std::move(target), .timeout = limit},
           kMostBytes);
}

Result<void> wait_until_ready(const Address& address, Duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  BlockingClient client(client_of(address));
  std::string last = "was never asked";
  for (;;) {
    const Duration left = deadline - std::chrono::steady_clock::now();
    if (left <= Duration(0)) return Error{last};
    const HttpAnswer answer =
        client.ask({.target = "/readyz", .timeout = std::min(left, kOneRequest)}, kMostBytes);
    if (answer.status == 200) return {};
    last = answer.why;
    if (answer.status != 0) {
      last = address.to_string() + " answered " + std::to_string(answer.status) + ": " +
             std::string(first_line(answer.body));
    }
    std::this_thread::sleep_for(
        std::clamp(Duration(deadline - std::chrono::steady_clock::now()), Duration(0), kPollEvery));
  }
}

}  // namespace woad
