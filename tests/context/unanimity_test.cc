#include "proxy/context/unanimity.h"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "proxy/base/random.h"

using namespace woad;

namespace {

struct Rig {
  // "-": no agreement; else color@tenant.
  std::string agreed() {
    const auto values = unanimity.agreed(arena, now);
    if (!values) return "-";
    return std::string(values->color) + "@" + std::string(values->tenant);
  }
  Unanimity::Ticket join(std::string_view color, std::string_view tenant = "") {
    return unanimity.join({color, tenant}, now);
  }

  ArenaPool pool;
  Arena arena{pool};
  MonoTime now{hours(1000)};
  Unanimity unanimity{1, seconds(30)};
};

}  // namespace

TEST_CASE("one live context is agreed upon, two are not") {
  Rig rig;
  CHECK(rig.agreed() == "-");
  auto red = rig.join("red", "acme");
  CHECK(rig.agreed() == "red@acme");
  auto same = rig.join("red", "acme");
  CHECK(rig.agreed() == "red@acme");
  {
    auto tenant = rig.join("red", "other");
    CHECK(rig.agreed() == "-");
  }
  CHECK(rig.agreed() == "-");  // lingers
  rig.now += seconds(30);
  CHECK(rig.agreed() == "red@acme");
  auto undyed = rig.join("");
  CHECK(rig.agreed() == "-");
  red.finish(rig.now);
  rig.now += seconds(60);
  CHECK(rig.agreed() == "-");  // `same` still runs
  same.finish(rig.now);
  same.finish(rig.now + hours(1));
  rig.now += milliseconds(29999);
  CHECK(rig.agreed() == "-");
  rig.now += milliseconds(1);
  CHECK(rig.agreed() == "@");
}

TEST_CASE("a context that ended is agreed upon while it lingers, and can come back") {
  Rig rig;
  rig.join("red").finish(rig.now);
  rig.now += seconds(29);
  CHECK(rig.agreed() == "red@");
  auto again = rig.join("red");
  rig.now += seconds(100);
  CHECK(rig.agreed() == "red@");
  again.finish(rig.now);
  rig.unanimity.configure(seconds(10));
  rig.now += seconds(10);
  CHECK(rig.agreed() == "-");
}

TEST_CASE("a ticket that is dropped ends its request at the last time that was told") {
  Rig rig;
  {
    auto red = rig.join("red");
    rig.now += seconds(100);
    rig.join("red").finish(rig.now);
  }
  rig.now += seconds(29);
  CHECK(rig.agreed() == "red@");
  rig.now += seconds(1);
  CHECK(rig.agreed() == "-");
}

TEST_CASE("contexts beyond the limit are counted, not told apart") {
  Rig rig;
  std::vector<Unanimity::Ticket> tickets;
  for (size_t i = 0; i < Unanimity::kMaxContexts; ++i) {
    tickets.push_back(rig.join("c" + std::to_string(i)));
  }
  auto over = rig.join("one-more");
  auto known = rig.join("c7");
  tickets.clear();
  known.finish(rig.now);
  rig.now += seconds(30);
  CHECK(rig.agreed() == "-");
  auto red = rig.join("red");
  CHECK(rig.agreed() == "-");  // with the one that was only counted
  over.finish(rig.now);
  rig.now += milliseconds(29999);
  CHECK(rig.agreed() == "-");
  rig.now += milliseconds(1);
  CHECK(rig.agreed() == "red@");
}

TEST_CASE("four threads: while a request runs nothing else is ever agreed upon") {
  Unanimity unanimity(1, Duration(0));
  std::atomic<uint64_t> wrong{0};
  std::atomic<uint64_t> agreed{0};
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      Random random(thread);
      ArenaPool pool;
      const MonoTime now{hours(1)};
      for (int i = 0; i < 4000; ++i) {
        Arena arena(pool);
        const std::string mine = random.below(10) == 0 ? "blue" : "red";
        auto ticket = unanimity.join({mine, ""}, now);
        const auto values = unanimity.agreed(arena, now);
        if (values) ++agreed;
        if (values && values->color != mine) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(agreed > 0);
  ArenaPool pool;
  Arena arena(pool);
  CHECK_FALSE(unanimity.agreed(arena, MonoTime(hours(1))));
}
