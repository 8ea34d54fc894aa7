// The filters of one exchange and how far each event has come through them. One thread.
#pragma once

#include <cstdint>
#include <new>

#include "proxy/filter/chain.h"
#include "proxy/filter/filter.h"

namespace woad {

class FilterRun {
 public:
  explicit FilterRun(const FilterChain& chain) : chain_(chain) {}
  ~FilterRun();
  FilterRun(const FilterRun&) = delete;
  FilterRun& operator=(const FilterRun&) = delete;

  // Makes the filters, in the arena. Called once, before any event.
  void create(FilterHost& host, ExchangeInfo& info, Arena& arena, const FilterServices& services);

  // Each walks the filters that have the hook. After a wait the same call goes on behind the filter
  // that waited (heads alone).
  Verdict request_head(RequestHead& head, bool end) {
    return walk(Hook::kRequestHead, request_cursor_,
                [&](HttpFilter& filter) { return filter.on_request_head(head, end); });
  }
  Verdict request_data(Buffer& data, bool end) {
    return walk_all(Hook::kRequestData,
                    [&](HttpFilter& filter) { return filter.on_request_data(data, end); });
  }
  Verdict request_trailers(Headers& trailers) {
    return walk_all(Hook::kRequestTrailers,
                    [&](HttpFilter& filter) { return filter.on_request_trailers(trailers); });
  }
  Verdict attempt(AttemptPlan& plan, RequestHead& head) {
    return walk_all(Hook::kAttempt,
                    [&](HttpFilter& filter) { return filter.on_attempt(plan, head); });
  }
  // The first filter that wants another try has it; all are told of the outcome.
  Next outcome(const Outcome& outcome);
  Verdict response_head(ResponseHead& head, bool end) {
    return walk(Hook::kResponseHead, response_cursor_,
                [&](HttpFilter& filter) { return filter.on_response_head(head, end); });
  }
  Verdict response_data(Buffer& data, bool end) {
    return walk_all(Hook::kResponseData,
                    [&](HttpFilter& filter) { return filter.on_response_data(data, end); });
  }
  Verdict response_trailers(Headers& trailers) {
    return walk_all(Hook::kResponseTrailers,
                    [&](HttpFilter& filter) { return filter.on_response_trailers(trailers); });
  }
  void end(const ExchangeInfo& info);
  bool created() const { return filters_ != nullptr; }
  // Whether any filter wants this hook.
  bool has(Hook hook) const { return filters_ != nullptr && !chain_.order(hook).empty(); }

 private:
  struct Entry {
    FilterContext context;
    HttpFilter* filter;
  };

  template <class Call>
  Verdict walk(Hook hook, uint8_t& cursor, Call&& call) {
    const auto& order = chain_.order(hook);
    while (filters_ != nullptr && cursor < order.size()) {
      Verdict verdict = call(*filters_[order[cursor++]].filter);
      if (verdict.kind() != Verdict::Kind::kGo) return verdict;
    }
    return Verdict::go();
  }
  template <class Call>
  Verdict walk_all(Hook hook, Call&& call) {
    uint8_t cursor = 0;
    return walk(hook, cursor, std::forward<Call>(call));
  }

  const FilterChain& chain_;
  Entry* filters_ = nullptr;
  uint8_t request_cursor_ = 0;
  uint8_t response_cursor_ = 0;
};

}  // namespace woad
