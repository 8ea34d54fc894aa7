#include "proxy/filter/run.h"

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

Next FilterRun::outcome(const Outcome& outcome) {
  Next next = Next::done();
  if (filters_ == nullptr) return next;
  for (const uint8_t index : chain_.order(Hook::kOutcome)) {
    Next wish = filters_[index].filter->on_outcome(outcome);
    if (wish.wants_again() && !next.wants_again()) next = wish;
  }
  return next;
}

void FilterRun::end(const ExchangeInfo& info) {
  if (filters_ == nullptr) return;
  for (const uint8_t index : chain_.order(Hook::kEnd)) filters_[index].filter->on_end(info);
}

}  // namespace woad
