#include "proxy/filter/pool_states.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace woad;

namespace {

struct Settings {
  int limit = 0;
};

struct Breaker {
  explicit Breaker(const Settings& settings) : limit(settings.limit) {}
  int limit;
  std::atomic<int> failures = 0;
};

using State = PoolStates<Settings, Breaker>;

TEST_CASE("pool states: one for each service and pool, made of the filter's settings") {
  State state(Settings{7});
  Service price("price");
  Service stock("stock");
  const Pool base = price.pool_for("", "");
  const Pool red = price.pool_for("red", "");
  Breaker& first = state.of(price, base);
  CHECK(first.limit == 7);
  CHECK(&state.of(price, base) == &first);
  CHECK(&state.of(price, red) != &first);
  CHECK(&state.of(stock, base) != &first);
  CHECK(&state.of(stock, base) != &state.of(stock, red));
}

TEST_CASE("pool states: a pool is the same one in the next snapshot, with other endpoints") {
  State state(Settings{});
  Breaker* before = nullptr;
  for (const uint16_t port : {uint16_t{1}, uint16_t{2}}) {
    Service service("price");
    Pool& pool = service.pool_for("red", "acme");
    pool.endpoints.push_back({.address = *Address::from_host("127.0.0.1", port), .name = "x"});
    Breaker& now = state.of(service, pool);
    CHECK((before == nullptr || before == &now));
    before = &now;
  }
}

TEST_CASE("pool states: shared by threads") {
  State state(Settings{});
  Service service("price");
  std::vector<Pool> pools;
  for (int i = 0; i < 20; ++i) pools.push_back(service.pool_for("c" + std::to_string(i), ""));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (const Pool& pool : pools) ++state.of(service, pool).failures;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Pool& pool : pools) CHECK(state.of(service, pool).failures == 4);
}

}  // namespace
