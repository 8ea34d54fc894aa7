// Four workers, few ids, many colours: whatever the order, nobody gets another's context.
#include <atomic>
#include <deque>
#include <thread>

#include "proxy/base/random.h"
#include "tests/context/table_rig.h"

using namespace woad;
using Kind = ContextLookup::Kind;

namespace {

constexpr int kThreads = 4;
constexpr int kRequests = 6000;
constexpr uint64_t kReused = 300;
constexpr uint64_t kColors = 50;

struct Outcomes {
  std::atomic<uint64_t> right{0};
  std::atomic<uint64_t> ambiguous{0};
  std::atomic<uint64_t> missing{0};
  std::atomic<uint64_t> wrong{0};
};

// One request that runs, and what must be known of it.
struct Running {
  std::string color;
  std::string user;
  TraceId trace;
  SpanId span;
  MonoTime deadline;
  std::vector<ContextKey> ids;
  ContextTable::Ticket ticket;
};

class Worker {
 public:
  // `faithful`: an id always comes with the same context.
  Worker(ContextTable& table, std::atomic<int64_t>& clock, Outcomes& outcomes, uint64_t seed,
         bool faithful)
      : table_(table), clock_(clock), outcomes_(outcomes), random_(seed), faithful_(faithful) {}

  void run() {
    for (int i = 0; i < kRequests; ++i) {
      begin();
      for (const Running& each : running_) check(each);
      if (random_.below(10) == 0) contradict();
      if (random_.below(50) == 0) table_.expire(now());
      if (running_.size() > 5 || random_.below(2) == 0) end();
      clock_.fetch_add(1, std::memory_order_relaxed);
    }
    running_.clear();
  }

 private:
  MonoTime now() const {
    return MonoTime(hours(5) + milliseconds(clock_.load(std::memory_order_relaxed)));
  }

  void begin() {
    Running request;
    // Half of the ids come again and again, mostly with the colour that belongs to them.
    const bool reused = random_.below(2) == 0;
    const uint64_t number = reused ? random_.below(kReused) : random_.next();
    const bool keep = faithful_ || (reused && random_.below(8) != 0);
    request.color = "c" + std::to_string(keep ? number % kColors : random_.below(kColors));
    request.user = faithful_ ? request.color : std::to_string(random_.below(3));
    request.trace = {1, number};
    request.span = {faithful_ ? 1 : random_.below(4) + 1};
    request.deadline = now() + milliseconds(random_.below(100));
    const uint64_t id = faithful_ ? number : random_.below(kReused * 20);
    request.ids = {table_.trace_key(request.trace),
                   table_.header_key("x-request-id", std::to_string(id))};
    const CarriedHeader carried[] = {{"x-user-id", request.user}};
    request.ticket = table_.record(request.ids,
                                   {.values = {request.color, ""},
                                    .carried = carried,
                                    .deadline = request.deadline,
                                    .parent_span = request.span,
                                    .trace = request.trace},
                                   now());
    running_.push_back(std::move(request));
  }

  void check(const Running& mine) {
    Arena arena(pool_);
    for (const ContextKey id : mine.ids) {
      const ContextLookup lookup = table_.find(id, arena, now());
      const ContextRecord& found = lookup.record;
      if (lookup.kind == Kind::kMiss) {
        ++outcomes_.missing;
      } else if (lookup.kind == Kind::kAmbiguous) {
        ++outcomes_.ambiguous;
      } else if (found.values.color != mine.color || !found.values.tenant.empty() ||
                 (!lookup.carried_unknown &&
                  (found.carried.size() != 1 || found.carried[0].value != mine.user)) ||
                 (found.parent_span.valid() && found.parent_span != mine.span) ||
                 (found.trace.valid() && found.trace != mine.trace) ||
                 (found.deadline < mine.deadline && !faithful_)) {
        ++outcomes_.wrong;
      } else {
        ++outcomes_.right;
      }
    }
  }

  void contradict() {
    const ContextKey ids[] = {table_.trace_key({1, random_.below(kReused)})};
    table_.contradict(ids, now());
  }

  void end() {
    if (random_.below(2) == 0) running_.front().ticket.finish(now());
    running_.pop_front();
  }

  ContextTable& table_;
  std::atomic<int64_t>& clock_;
  Outcomes& outcomes_;
  Random random_;
  const bool faithful_;
  ArenaPool pool_;
  std::deque<Running> running_;
};

void run_workers(ContextTable& table, std::atomic<int64_t>& clock, Outcomes& outcomes,
                 bool faithful) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back(
        [&, i] { Worker(table, clock, outcomes, static_cast<uint64_t>(i) + 1, faithful).run(); });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("four threads: a request that runs is found right or ambiguous, never wrong or lost") {
  ContextTable table(9, {.max_entries = 65536, .linger = milliseconds(40)});
  std::atomic<int64_t> clock{0};
  Outcomes outcomes;
  run_workers(table, clock, outcomes, false);
  CHECK(outcomes.wrong == 0);
  CHECK(outcomes.missing == 0);
  CHECK(outcomes.right > 10000);
  CHECK(outcomes.ambiguous > 100);
  CHECK(table.live() == 0);
  table.expire(MonoTime(hours(6)));
  const auto counters = table.counters();
  CHECK(table.empty());
  CHECK(counters.entries == 0);
  CHECK(counters.ids == 0);
  CHECK(counters.carried_bytes == 0);
  CHECK(counters.full == 0);
  CHECK(counters.conflicts > 0);
}

TEST_CASE("four threads and too little room: right, ambiguous or unknown, never wrong") {
  ContextTable table(9, {.max_entries = 16, .linger = milliseconds(40)});
  std::atomic<int64_t> clock{0};
  Outcomes outcomes;
  run_workers(table, clock, outcomes, true);
  CHECK(outcomes.wrong == 0);
  CHECK(outcomes.right > 100);
  CHECK(outcomes.missing > 0);
  table.expire(MonoTime(hours(6)));
  const auto counters = table.counters();
  CHECK(table.empty());
  CHECK(counters.entries == 0);
  CHECK(counters.carried_bytes == 0);
  CHECK(counters.full + counters.evictions > 0);
}
