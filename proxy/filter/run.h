// The filters of one exchange and how far each event has come through them. One thread.
#pragma once

#include <cstdint>

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
  // that waited. A request's head walks in two parts, with the choice of the route between them.
  HeadVerdict request_head_before_route(RequestHead& head, bool end) {
    return walk_request(head, end, chain_.heads_before_route());
  }
  HeadVerdict request_head(RequestHead& head, bool end) {
    return walk_request(head, end, chain_.order(Hook::kRequestHead).size());
  }
  Verdict request_data(Buffer& data, bool end) {
    return walk(Hook::kRequestData,
                [&](HttpFilter& filter) { return filter.on_request_data(data, end); });
  }
  Verdict request_trailers(Headers& trailers) {
    return walk(Hook::kRequestTrailers,
                [&](HttpFilter& filter) { return filter.on_request_trailers(trailers); });
  }
  // The first walk of a try begins at the first filter.
  HeadVerdict attempt(AttemptPlan& plan, RequestHead& head);
  // Tells those that let the try go.
  void outcome(const Outcome& outcome);
  // The first filter that wants another try has it.
  Next next_try(const Outcome& outcome);
  HeadVerdict response_head(ResponseHead& head, bool end) {
    return walk_head(Hook::kResponseHead, response_cursor_,
                     chain_.order(Hook::kResponseHead).size(),
                     [&](HttpFilter& filter) { return filter.on_response_head(head, end); });
  }
  // Of an answer of our own: what filters answer to that has no effect.
  void own_response_head(ResponseHead& head, bool end);
  Verdict response_data(Buffer& data, bool end) {
    return walk(Hook::kResponseData,
                [&](HttpFilter& filter) { return filter.on_response_data(data, end); });
  }
  Verdict response_trailers(Headers& trailers) {
    return walk(Hook::kResponseTrailers,
                [&](HttpFilter& filter) { return filter.on_response_trailers(trailers); });
  }
  void end(const ExchangeInfo& info);
  // The name of the filter whose verdict was an answer; "": none was.
  std::string_view answered_by() const {
    return answered_by_ == kNobody ? std::string_view() : chain_.kind(answered_by_).name;
  }
  // Whether any filter wants this hook.
  bool has(Hook hook) const { return !chain_.order(hook).empty(); }

 private:
  struct Entry {
    FilterContext context;
    HttpFilter* filter;
  };

  HeadVerdict walk_request(RequestHead& head, bool end, size_t until) {
    return walk_head(Hook::kRequestHead, request_cursor_, until,
                     [&](HttpFilter& filter) { return filter.on_request_head(head, end); });
  }
  template <class Call>
  HeadVerdict walk_head(Hook hook, uint8_t& cursor, size_t until, Call&& call) {
    const auto& order = chain_.order(hook);
    while (cursor < until) {
      const uint8_t index = order[cursor++];
      HeadVerdict verdict = call(*filters_[index].filter);
      if (verdict.kind() == HeadVerdict::Kind::kGo) continue;
      if (verdict.kind() == HeadVerdict::Kind::kReply) answered_by_ = index;
      return verdict;
    }
    return HeadVerdict::go();
  }
  template <class Call>
  Verdict walk(Hook hook, Call&& call) {
    for (const uint8_t index : chain_.order(hook)) {
      Verdict verdict = call(*filters_[index].filter);
      if (verdict.kind() == Verdict::Kind::kGo) continue;
      answered_by_ = index;
      return verdict;
    }
    return Verdict::go();
  }

  const FilterChain& chain_;
  Entry* filters_ = nullptr;
  uint8_t request_cursor_ = 0;
  uint8_t attempt_cursor_ = 0;  // 0 between the walks of tries
  uint8_t response_cursor_ = 0;
  static constexpr uint8_t kNobody = FilterChain::kMaxFilters;
  uint8_t answered_by_ = kNobody;
  uint8_t let_go_ = 0;  // the filters in front of this position have let the try go
};

}  // namespace woad
