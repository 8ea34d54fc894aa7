#include "proxy/filter/run.h"

#include <new>

namespace woad {

FilterRun::~FilterRun() {
  if (filters_ == nullptr) return;
  for (size_t i = chain_.size(); i-- > 0;) filters_[i].filter->~HttpFilter();
}

void FilterRun::create(FilterHost& host, ExchangeInfo& info, Arena& arena,
                       const FilterServices& services) {
  const size_t count = chain_.size();
  if (count == 0) return;
  filters_ = static_cast<Entry*>(arena.allocate(count * sizeof(Entry), alignof(Entry)));
  for (size_t i = 0; i < count; ++i) {
    auto* entry = new (&filters_[i]) Entry{FilterContext(host, i, info, arena, services), nullptr};
    entry->filter = chain_.kind(i).create(arena, entry->context);
  }
}

HeadVerdict FilterRun::attempt(AttemptPlan& plan, RequestHead& head) {
  HeadVerdict verdict =
      walk_head(Hook::kAttempt, attempt_cursor_, chain_.order(Hook::kAttempt).size(),
                [&](HttpFilter& filter) { return filter.on_attempt(plan, head); });
  const bool all = verdict.kind() == HeadVerdict::Kind::kGo;
  let_go_ =
      all ? static_cast<uint8_t>(chain_.size()) : chain_.order(Hook::kAttempt)[attempt_cursor_ - 1];
  return verdict;
}

void FilterRun::outcome(const Outcome& outcome) {
  attempt_cursor_ = 0;
  for (const uint8_t index : chain_.order(Hook::kOutcome)) {
    if (index < let_go_) filters_[index].filter->on_outcome(outcome);
  }
}

Next FilterRun::next_try(const Outcome& outcome) {
  for (const uint8_t index : chain_.order(Hook::kNextTry)) {
    const Next next = filters_[index].filter->next_try(outcome);
    if (next.wants_again()) return next;
  }
  return Next::done();
}

void FilterRun::own_response_head(ResponseHead& head, bool end) {
  const auto& order = chain_.order(Hook::kResponseHead);
  while (response_cursor_ < order.size()) {
    (void)filters_[order[response_cursor_++]].filter->on_response_head(head, end);
  }
}

void FilterRun::end(const ExchangeInfo& info) {
  if (filters_ == nullptr) return;  // it ended before it had a head
  for (const uint8_t index : chain_.order(Hook::kEnd)) filters_[index].filter->on_end(info);
}

}  // namespace woad
