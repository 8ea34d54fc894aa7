// What the tests of the trace filter stand on: an exchange as the filter sees it, and the spans
// that came of it.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/trace/filter.h"
#include "proxy/context/trace_ids.h"
#include "proxy/observe/span_queue.h"
#include "proxy/observe/trace_context.h"
#include "tests/filters/support/filter_bench.h"

namespace woad::test_trace {

inline constexpr std::string_view kTraceText = "4bf92f3577b34da6a3ce929d0e0e4736";
inline constexpr TraceId kTrace{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736};
inline constexpr SpanId kCaller{0x00f067aa0ba902b7};
#define SAMPLED "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define UNSAMPLED "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
#define B3_IDS "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

// A span as the exporter reads it.
struct Seen {
  TraceId trace;
  SpanId id;
  SpanId parent;
  SpanKind kind{};
  SpanStatus status{};
  std::string name;
  std::string message;
  Duration length{};
  std::map<std::string, std::string> attributes;

  std::string operator[](const std::string& key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? "(none)" : found->second;
  }
};

// An exchange as this filter sees it, from the reading of its head on.
struct Bench final : FilterHost {
  explicit Bench(Direction direction, const Fields& fields = {}, bool exported = true)
      : services{scheduler, random, metrics, contexts, exported ? &queue : nullptr} {
    queue.set_sample(1);
    info.direction = direction;
    info.request = &head;
    info.start = scheduler.now();
    info.start_wall = scheduler.wall();
    info.client = *Address::parse("10.0.0.9:4711");
    info.service = direction == Direction::kInbound ? "cart" : "price";
    head.method_name = "GET";
    head.authority = "price.shop:8080";
    head.path = "/a/b?secret=1";
    for (const auto& [name, value] : fields) head.headers.add(name, value);
    read_trace(head, info.trace, metrics);
  }
  ~Bench() {
    if (filter_ != nullptr) filter_->~TraceFilter();
  }

  TraceFilter& filter() {
    if (filter_ == nullptr) filter_ = arena.make<TraceFilter>(context);
    return *filter_;
  }
  void request() { CHECK(filter().on_request_head(head, true).kind() == HeadVerdict::Kind::kGo); }
  void attempt(uint32_t number, std::string_view host) {
    AttemptPlan plan{service, number};
    info.attempts = number;
    info.pool = "base";
    CHECK(filter().on_attempt(plan, head).kind() == HeadVerdict::Kind::kGo);
    info.upstream_host = host;
  }
  void outcome(Outcome::Kind kind, int status = 0, ErrorCode error = ErrorCode::kNone) {
    response.status = status;
    if (error == ErrorCode::kNone) error = outcome_info(kind).error;
    filter().on_outcome(
        {.kind = kind, .error = error, .response = status == 0 ? nullptr : &response});
  }
  void end(int status, ErrorCode error = ErrorCode::kNone) {
    info.status = status;
    info.error = error;
    info.end = scheduler.now();
    filter().on_end(info);
  }
  void pass(Duration time) { scheduler.advance(scheduler.now() + time); }

  std::string field(std::string_view name) const {
    return test::FilterBench<TraceFilter>::field_of(head.headers, name);
  }
  // What the traceparent field says; the test fails when it is not valid.
  Traceparent parent() const {
    const auto read = parse_traceparent(field("traceparent"));
    REQUIRE(read);
    return *read;
  }
  std::vector<Seen> spans() {
    std::vector<Seen> all;
    for (; const Span* span = queue.front(); queue.pop()) {
      Seen seen{span->trace,
                span->id,
                span->parent,
                span->kind,
                span->status,
                std::string(span->name()),
                std::string(span->message()),
                Duration(static_cast<int64_t>(span->end_ns - span->start_ns)),
                {}};
      CHECK(span->left_out() == 0);
      span->for_each([&](SpanKey key, auto value) {
        if constexpr (std::is_same_v<decltype(value), uint64_t>) {
          seen.attributes[std::string(to_string(key))] = std::to_string(value);
        } else {
          seen.attributes[std::string(to_string(key))] = value;
        }
      });
      all.push_back(std::move(seen));
    }
    return all;
  }

  const void* filter_settings(size_t) override { return &settings; }
  void* filter_state(size_t) override { return nullptr; }
  void filter_resume() override {}
  void filter_reply(LocalReply) override {}

  TraceSettings settings;
  ArenaPool arenas;
  Arena arena{arenas};
  Scheduler scheduler{MonoTime(hours(5)), WallTime(seconds(1'800'000'000))};
  Random random{7};
  WorkerMetrics metrics;
  ContextSystem contexts = test::make_context_system();
  SpanQueue queue{16, 16, [] {}};
  ExchangeInfo info;
  RequestHead head{arena};
  ResponseHead response{arena};
  Service service{"price"};
  FilterServices services;
  FilterContext context{*this, 0, info, arena, services};
  TraceFilter* filter_ = nullptr;
};

}  // namespace woad::test_trace
