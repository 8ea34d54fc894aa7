// What the context table costs: nanoseconds a call at 65,536 entries of two ids each, one thread,
// lookups in random order, and the memory for it. Making the keys of the ids is part of each call.
//
//   cmake -S . -B build/release -G Ninja -DWOAD_PRESET=release
//   ninja -C build/release context_bench && build/release/proxy/context/context_bench
//
// Each line is the best of some rounds, as other programs may run beside it.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "proxy/base/random.h"
#include "proxy/context/table.h"
#include "proxy/observe/hex.h"

namespace woad {
namespace {

constexpr uint32_t kEntries = 65536;
constexpr int kRounds = 7;
constexpr uint64_t kColors = 50;

size_t heap() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

class Bench {
 public:
  Bench() : order_(kEntries) {
    for (uint64_t i = 0; i < kColors; ++i) colors_.push_back("color-" + std::to_string(i));
    std::iota(order_.begin(), order_.end(), 0);
    Random random(5);
    for (size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random.below(i)]);
    tickets_.resize(kEntries);
  }

  void run() {
    idle();
    const auto record_all = [&](uint64_t i) { record(i, i); };
    measure("record two ids, memory is new", kRounds, record_all, [&] { fresh_table(); });
    std::printf("%-34s %8.2f MiB (heap %.2f MiB), %.1f bytes an id\n", "65,536 entries of two ids",
                mib(table_->bytes()), mib(heap() - before_),
                static_cast<double>(table_->bytes()) / (2.0 * kEntries));
    lookups();
    measure("record two ids, memory is there", kRounds, record_all, [&] { forget_all(); });
    measure(
        "finish", kRounds, [&](uint64_t i) { tickets_[order_[i]].finish(now_); },
        [&] {
          forget_all();
          for (uint64_t i = 0; i < kEntries; ++i) record(i, i);
        });
    uint64_t fresh = kEntries;
    const auto turn = [&](uint64_t i) {
      record(i, fresh++);
      tickets_[i].finish(now_);
    };
    measure("evict, record and finish", kRounds, turn);
    const auto start = std::chrono::steady_clock::now();
    forget_all();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    std::printf("%-34s %8.1f ms\n", "expire all at once", took.count());
    measure("record and finish, 30,720 linger", kRounds, [&](uint64_t i) {
      turn(i);
      if (i % 1024 == 0) now_ += seconds(1);
      if (i % 1024 == 0) table_->expire(now_);
    });
    std::printf("(%llu found)\n", static_cast<unsigned long long>(found_));
  }

 private:
  void fresh_table() {
    for (ContextTable::Ticket& ticket : tickets_) ticket = {};
    table_.reset();
    before_ = heap();
    table_ = std::make_unique<ContextTable>(1, ContextTable::Limits{.max_entries = kEntries});
  }

  void forget_all() {
    for (ContextTable::Ticket& ticket : tickets_) ticket = {};
    now_ += seconds(60);
    table_->expire(now_);
  }

  static double mib(size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

  // An empty table, as it is for all who use no colours.
  void idle() {
    const ContextTable empty(1, {});
    measure("find, empty table", kRounds, [&](uint64_t i) {
      found_ += empty.find(trace(empty, i), arena_, now_).kind == ContextLookup::Kind::kFound;
    });
    measure("ask whether it is empty", kRounds, [&](uint64_t) { found_ += empty.empty(); });
  }

  void lookups() {
    const ContextTable& table = *table_;
    measure("find by trace id", kRounds, [&](uint64_t i) { find(trace(table, order_[i])); });
    measure("find by request id", kRounds, [&](uint64_t i) { find(request(order_[i])); });
    measure("miss", kRounds, [&](uint64_t i) { find(trace(table, order_[i] + kEntries)); });
    measure("contradict two ids, unknown", kRounds, [&](uint64_t i) {
      const ContextKey ids[] = {trace(table, order_[i] + kEntries), request(order_[i] + kEntries)};
      table_->contradict(ids, now_);
    });
  }

  static ContextKey trace(const ContextTable& table, uint64_t number) {
    return table.trace_key({number * 0x9e3779b97f4a7c15, number});
  }
  ContextKey request(uint64_t number) const {
    char text[] = "01234567-89ab-4def-8fed-cba900000000";
    write_lower_hex(text + 28, number, 8);
    return table_->header_key("x-request-id", {text, sizeof(text) - 1});
  }
  void find(ContextKey id) {
    found_ += table_->find(id, arena_, now_).record.values.color.size();
    if (++finds_ % 64 == 0) arena_.clear();
  }
  void record(uint64_t place, uint64_t number) {
    const ContextKey ids[] = {trace(*table_, number), request(number)};
    tickets_[place] = table_->record(ids,
                                     {.values = {colors_[number % kColors], ""},
                                      .deadline = now_ + seconds(15),
                                      .parent_span = {number + 1},
                                      .trace = {1, number + 1},
                                      .request_id = "01234567-89ab-4def-8fed-cba987654321"},
                                     now_);
  }

  // `before` is not measured.
  template <class F>
  void measure(const char* what, int rounds, F&& call) {
    measure(what, rounds, call, [] {});
  }
  template <class F, class G>
  void measure(const char* what, int rounds, F&& call, G&& before) {
    double best = 1e12;
    for (int round = 0; round < rounds; ++round) {
      before();
      const auto start = std::chrono::steady_clock::now();
      for (uint64_t i = 0; i < kEntries; ++i) call(i);
      const std::chrono::duration<double, std::nano> took =
          std::chrono::steady_clock::now() - start;
      best = std::min(best, took.count() / kEntries);
    }
    std::printf("%-34s %8.1f ns\n", what, best);
  }

  ArenaPool pool_;
  Arena arena_{pool_};
  std::vector<std::string> colors_;
  std::vector<uint64_t> order_;
  std::unique_ptr<ContextTable> table_;
  std::vector<ContextTable::Ticket> tickets_;  // die before the table
  MonoTime now_{hours(100)};
  size_t before_ = 0;
  uint64_t finds_ = 0;
  uint64_t found_ = 0;  // shown, so that no call is left out
};

}  // namespace
}  // namespace woad

int main() {
  woad::Bench().run();
  return 0;
}
