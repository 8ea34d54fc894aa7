#include "proxy/admin/client.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "proxy/base/strings.h"
#include "proxy/client/ask_and_wait.h"

namespace woad {
namespace {

constexpr Duration kPollEvery = milliseconds(50);
constexpr Duration kOneRequest = seconds(2);
constexpr size_t kMostBytes = 1 << 20;

}  // namespace

HttpAnswer ask_admin(const Address& address, std::string method, std::string target,
                     Duration limit) {
  return ask_and_wait({.origin = {.host = address.host(),
                                  .port = address.port(),
                                  .authority = address.to_string(),
                                  .target = "/"}},
                      {.method = std::move(method),
                       .target = std::move(target),
                       .timeout = std::chrono::ceil<milliseconds>(limit)},
                      kMostBytes);
}

Result<void> wait_until_ready(const Address& address, Duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::optional<std::string> last;
  for (;;) {
    const Duration left = deadline - std::chrono::steady_clock::now();
    if (left <= Duration(0)) return Error{last.value_or("was never asked")};
    const HttpAnswer answer = ask_admin(address, "GET", "/readyz", std::min(left, kOneRequest));
    if (answer.status == 200) return {};
    if (answer.status != 0) {
      last = address.to_string() + " answered " + std::to_string(answer.status) + ": " +
             std::string(first_line(answer.body));
    } else if (!last || std::chrono::steady_clock::now() < deadline) {
      last = answer.why;  // our own end, which cuts an answer short, is no reason
    }
    std::this_thread::sleep_for(
        std::clamp(Duration(deadline - std::chrono::steady_clock::now()), Duration(0), kPollEvery));
  }
}

}  // namespace woad
