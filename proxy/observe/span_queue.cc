#include "proxy/observe/span_queue.h"

#include <algorithm>
#include <utility>

#include "proxy/base/result.h"

namespace woad {

SpanQueue::SpanQueue(size_t capacity, size_t wake_at, std::function<void()> wake)
    : ring_(capacity), wake_at_(wake_at), wake_(std::move(wake)) {
  WOAD_ASSERT(capacity > 0);
}

size_t SpanQueue::size() const {
  // In this order: what was read later can only be less than what was written by then.
  const uint64_t read = read_.load(std::memory_order_acquire);
  return static_cast<size_t>(written_.load(std::memory_order_acquire) - read);
}

Span* SpanQueue::begin() {
  if (size() >= ring_.size()) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  Span& span = ring_[written_.load(std::memory_order_relaxed) % ring_.size()];
  span.reset();
  return &span;
}

void SpanQueue::commit() {
  written_.fetch_add(1, std::memory_order_release);
  if (size() >= wake_at_ && !woken_.exchange(true, std::memory_order_relaxed)) wake_();
}

const Span* SpanQueue::front() const {
  const uint64_t read = read_.load(std::memory_order_relaxed);
  if (read == written_.load(std::memory_order_acquire)) return nullptr;
  return &ring_[read % ring_.size()];
}

void SpanQueue::pop() { read_.fetch_add(1, std::memory_order_release); }

}  // namespace woad
