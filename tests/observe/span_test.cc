#include "proxy/observe/span.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <thread>

#include "proxy/observe/span_queue.h"

namespace woad {
namespace {

std::string attributes(const Span& span) {
  std::string all;
  span.for_each([&](SpanKey key, auto value) {
    all += std::string(to_string(key)) + "=";
    if constexpr (std::is_same_v<decltype(value), uint64_t>) {
      all += "#" + std::to_string(value);
    } else {
      all += value;
    }
    all += ";";
  });
  return all;
}

TEST_CASE("span: attributes in their order") {
  Span span;
  span.set_name("GET");
  span.add(SpanKey::kMethod, "GET");
  span.add(SpanKey::kPath, "/a");
  span.add(SpanKey::kColor, "");
  span.add(SpanKey::kStatusCode, 503);
  span.set_message("no endpoint");
  CHECK(span.name() == "GET");
  CHECK(span.message() == "no endpoint");
  CHECK(attributes(span) == "http.request.method=GET;url.path=/a;http.response.status_code=#503;");
  CHECK(span.left_out() == 0);
  span.reset();
  CHECK(attributes(span) == "");
  CHECK(span.name() == "");
  CHECK(span.message() == "");
}

TEST_CASE("span: every key has a name of its own") {
  std::set<std::string_view> names;
  int keys = 0;
  for (int i = 0; !to_string(static_cast<SpanKey>(i)).empty(); ++i, ++keys) {
    names.insert(to_string(static_cast<SpanKey>(i)));
  }
  CHECK(keys == static_cast<int>(SpanKey::kUpstreamHost) + 1);
  CHECK(names.size() == static_cast<size_t>(keys));
}

TEST_CASE("span: bounded, whatever it is given") {
  Span span;
  const std::string path(300, 'p');
  span.set_name(path);
  span.add(SpanKey::kPath, path);
  CHECK(span.name() == path.substr(0, Span::kMaxText));
  CHECK(attributes(span) == "url.path=" + path.substr(0, Span::kMaxText) + ";");
  span.add(SpanKey::kServerAddress, path);  // what is left of kMaxTexts
  span.add(SpanKey::kTenant, "acme");
  CHECK(span.left_out() == 1);
  size_t bytes = span.name().size();
  size_t count = 0;
  for (uint64_t i = 0; i < 2 * Span::kMaxAttributes; ++i) span.add(SpanKey::kAttempt, i);
  span.for_each([&](SpanKey, auto value) {
    ++count;
    if constexpr (!std::is_same_v<decltype(value), uint64_t>) bytes += value.size();
  });
  CHECK(bytes == Span::kMaxTexts);
  CHECK(count == Span::kMaxAttributes);
  CHECK(span.left_out() == 1 + 2 + Span::kMaxAttributes);
}

TEST_CASE("span: a long text is cut between characters") {
  Span span;
  span.set_name(std::string(Span::kMaxText - 1, 'a') + "\xc3\xbc");
  CHECK(span.name() == std::string(Span::kMaxText - 1, 'a'));
}

// Writes a span that can be told from others.
bool write(SpanQueue& queue, uint64_t number) {
  Span* span = queue.begin();
  if (span == nullptr) return false;
  span->id = {number};
  span->add(SpanKey::kAttempt, number);
  queue.commit();
  return true;
}

TEST_CASE("span queue: in order, bounded, what is over is counted") {
  SpanQueue queue(3, 100, [] {});
  CHECK(queue.front() == nullptr);
  for (uint64_t round = 0; round < 10; ++round) {
    for (uint64_t i = 1; i <= 3; ++i) CHECK(write(queue, round * 10 + i));
    CHECK_FALSE(write(queue, 99));
    CHECK(queue.size() == 3);
    for (uint64_t i = 1; i <= 3; ++i) {
      const Span* span = queue.front();
      REQUIRE(span != nullptr);
      CHECK(span->id.value == round * 10 + i);
      CHECK(attributes(*span) == "woad.attempt=#" + std::to_string(round * 10 + i) + ";");
      queue.pop();
    }
    CHECK(queue.front() == nullptr);
    CHECK(queue.dropped() == round + 1);
  }
}

TEST_CASE("span queue: what was begun and not handed over is not there") {
  SpanQueue queue(2, 100, [] {});
  CHECK(queue.begin() != nullptr);
  CHECK(queue.size() == 0);
  CHECK(write(queue, 7));
  CHECK(queue.front()->id.value == 7);
}

TEST_CASE("span queue: wakes once until it is read") {
  int woken = 0;
  SpanQueue queue(8, 2, [&] { ++woken; });
  write(queue, 1);
  CHECK(woken == 0);
  for (uint64_t i = 2; i < 6; ++i) write(queue, i);
  CHECK(woken == 1);
  queue.begin_reading();
  while (queue.front() != nullptr) queue.pop();
  write(queue, 6);
  CHECK(woken == 1);
  write(queue, 7);
  CHECK(woken == 2);
}

TEST_CASE("span queue: two threads") {
  constexpr uint64_t kSpans = 20'000;
  std::atomic<bool> done = false;
  SpanQueue queue(16, 8, [] {});
  uint64_t written = 0;
  std::thread writer([&] {
    for (uint64_t i = 1; i <= kSpans; ++i) written += write(queue, i) ? 1 : 0;
    done = true;
  });
  uint64_t last = 0;
  uint64_t read = 0;
  bool in_order = true;
  for (;;) {
    const bool over = done;
    queue.begin_reading();
    while (const Span* span = queue.front()) {
      in_order = in_order && span->id.value > last &&
                 attributes(*span) == "woad.attempt=#" + std::to_string(span->id.value) + ";";
      last = span->id.value;
      ++read;
      queue.pop();
    }
    if (over) break;
  }
  writer.join();
  CHECK(in_order);
  CHECK(read == written);
  CHECK(read + queue.dropped() == kSpans);
  CHECK(read >= 16);
}

}  // namespace
}  // namespace woad
