#include "proxy/observe/tap_hub.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

namespace woad {
namespace {

constexpr size_t kAll = size_t{1} << 30;

AccessRecord record_of(std::string_view color) {
  AccessRecord record;
  record.color = color;
  return record;
}

std::string taken(TapReader& reader) {
  std::string out;
  (void)reader.read(out, kAll);
  return out;
}

TEST_CASE("tap hub: a line is made once, for those who want it, and not when nobody does") {
  int wakes = 0;
  int made = 0;
  TapHub hub([&] { ++wakes; });
  const auto offer = [&](std::string_view color) {
    hub.offer(record_of(color), MonoTime(), [&] {
      ++made;
      return std::string(color) + "\n";
    });
  };
  CHECK_FALSE(hub.tapped());
  offer("red");
  CHECK(made == 0);

  const auto all = hub.open({}, 0);
  const auto red = hub.open({.color = "red"}, 1);
  CHECK(hub.tapped());
  offer("red");
  CHECK(made == 1);
  CHECK(wakes == 1);
  offer("blue");
  CHECK(made == 2);
  CHECK(wakes == 1);
  CHECK(taken(*all) == "red\nblue\n");
  std::string out;
  CHECK(red->read(out, kAll).over);
  CHECK(out == "red\n");
  offer("blue");
  CHECK(wakes == 2);
}

TEST_CASE("tap hub: readers are told by notify, not by the writer") {
  int told = 0;
  TapHub hub([] {});
  const auto reader = hub.open({}, 0);
  hub.notify();
  reader->listen([&] { ++told; });
  hub.offer(record_of("red"), MonoTime(), [] { return std::string("x\n"); });
  CHECK(told == 0);
  hub.notify();
  CHECK(told == 1);
}

TEST_CASE("tap hub: four at once, and a closed one makes room") {
  TapHub hub([] {});
  std::vector<std::unique_ptr<TapReader>> readers;
  for (size_t i = 0; i < TapHub::kMaxTaps; ++i) readers.push_back(hub.open({}, 0));
  for (const auto& reader : readers) CHECK(reader != nullptr);
  CHECK(hub.open({}, 0) == nullptr);
  readers.erase(readers.begin() + 1);
  CHECK(hub.tapped());
  readers.push_back(hub.open({}, 0));
  CHECK(readers.back() != nullptr);
  CHECK(hub.open({}, 0) == nullptr);
  readers.clear();
  CHECK_FALSE(hub.tapped());
}

TEST_CASE("tap hub: the first drop wakes, once until it was taken") {
  int wakes = 0;
  TapHub hub([&] { ++wakes; });
  const auto reader = hub.open({}, 0);
  const auto offer = [&] {
    hub.offer(record_of("red"), MonoTime(), [] { return std::string("x\n"); });
  };
  for (int i = 0; i < Tap::kLinesPerSecond; ++i) offer();
  (void)taken(*reader);
  CHECK(wakes == 1);
  for (int i = 0; i < 10; ++i) offer();
  CHECK(wakes == 2);
  CHECK(reader->take_dropped() == 10);
}

// Under TSan: workers offer while taps come and go and their readers read.
TEST_CASE("tap hub: many writers, readers that come and go") {
  constexpr int kWriters = 4;
  constexpr int kEach = 4000;
  std::atomic<int> wakes{0};
  TapHub hub([&] { wakes.fetch_add(1, std::memory_order_relaxed); });
  const auto stays = hub.open({.color = "red"}, 0);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&hub, writer] {
      const std::string_view color = writer % 2 == 0 ? "red" : "blue";
      for (int i = 0; i < kEach; ++i) {
        if (!hub.tapped()) continue;
        hub.offer(record_of(color), MonoTime(milliseconds(i)), [&] {
          return std::string(color) + " " + std::to_string(writer) + " " + std::to_string(i) + "\n";
        });
      }
    });
  }
  std::string seen;
  uint64_t dropped = 0;
  for (int turn = 0; turn < 500; ++turn) {
    const auto passes = hub.open({}, 0);
    hub.notify();
    (void)stays->read(seen, kAll);
    std::string rest;
    (void)passes->read(rest, kAll);
    dropped += stays->take_dropped();
  }
  for (std::thread& writer : writers) writer.join();
  (void)stays->read(seen, kAll);
  dropped += stays->take_dropped();

  // Every red line was seen or counted, each writer's in order, and no other color's.
  size_t lines = 0;
  std::vector<int> last(kWriters, -1);
  for (size_t at = 0; at < seen.size(); ++lines) {
    const size_t end = seen.find('\n', at);
    REQUIRE(end != std::string::npos);
    const std::string line = seen.substr(at, end - at);
    REQUIRE(line.starts_with("red "));
    const auto writer = static_cast<size_t>(line[4] - '0');
    const int number = std::stoi(line.substr(6));
    CHECK(number > last.at(writer));
    last.at(writer) = number;
    at = end + 1;
  }
  CHECK(lines + dropped == 2 * kEach);
  CHECK(lines > 0);
  CHECK(wakes > 0);
}

}  // namespace
}  // namespace woad
