#include "proxy/context/unanimity.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "proxy/context/millis.h"

namespace woad {

Unanimity::Unanimity(uint64_t seed, Duration linger)
    : seed_(seed), linger_ms_(span_millis(linger)) {}

void Unanimity::configure(Duration linger) {
  linger_ms_.store(span_millis(linger), std::memory_order_relaxed);
}

Unanimity::Ticket Unanimity::join(const ContextValues& values, MonoTime now) {
  const uint32_t now_ms = to_millis(now);
  clock_ms_.store(now_ms, std::memory_order_relaxed);
  Ticket ticket;
  ticket.owner_ = this;
  const std::lock_guard guard(lock_);
  expire(now_ms);
  ticket.entry_ = entry_of(values);
  if (ticket.entry_ == kNoItem) {
    ++crowd_active_;
  } else {
    ++entries_[ticket.entry_].active;
  }
  return ticket;
}

// In the list of those that run; kNoItem when there are too many.
uint32_t Unanimity::entry_of(const ContextValues& values) {
  const PackedContext packed(values, seed_);
  uint32_t at = entries_.find(packed.hash(),
                              [&](const Entry& entry) { return entry.bytes() == packed.bytes(); });
  if (at == kNoItem) {
    if (entries_.size() >= kMaxContexts) return kNoItem;
    at = entries_.add(packed.hash());
    Entry& entry = entries_[at];
    entry.size = static_cast<uint32_t>(packed.bytes().size());
    std::copy(packed.bytes().begin(), packed.bytes().end(), entry.packed);
    running_.push(entries_, at);
  } else if (entries_[at].active == 0) {
    ended_.unlink(entries_, at);
    running_.push(entries_, at);
  }
  return at;
}

void Unanimity::end(uint32_t at, uint32_t now_ms) {
  const std::lock_guard guard(lock_);
  if (at == kNoItem) {
    --crowd_active_;
    crowd_ended_ms_ = now_ms;
    return;
  }
  Entry& entry = entries_[at];
  if (--entry.active > 0) return;
  entry.ended_ms = now_ms;
  running_.unlink(entries_, at);
  ended_.push(entries_, at);
}

bool Unanimity::lingers(uint32_t ended_ms, uint32_t now_ms) const {
  return millis_between(ended_ms, now_ms) < linger_ms_.load(std::memory_order_relaxed);
}

void Unanimity::expire(uint32_t now_ms) {
  while (ended_.oldest() != kNoItem && !lingers(entries_[ended_.oldest()].ended_ms, now_ms)) {
    const uint32_t at = ended_.oldest();
    ended_.unlink(entries_, at);
    entries_.remove(at);
  }
  if (crowd_ended_ms_ && !lingers(*crowd_ended_ms_, now_ms)) crowd_ended_ms_.reset();
}

std::optional<ContextValues> Unanimity::agreed(Arena& arena, MonoTime now) {
  const std::lock_guard guard(lock_);
  expire(to_millis(now));
  if (entries_.size() != 1 || crowd_active_ > 0 || crowd_ended_ms_) return std::nullopt;
  const uint32_t at = running_.oldest() != kNoItem ? running_.oldest() : ended_.oldest();
  return packed_values(arena.copy(entries_[at].bytes()));
}

Unanimity::Ticket::~Ticket() {
  if (owner_ != nullptr) owner_->end(entry_, owner_->clock_ms_.load(std::memory_order_relaxed));
}

void Unanimity::Ticket::finish(MonoTime now) {
  if (owner_ == nullptr) return;
  const uint32_t now_ms = to_millis(now);
  owner_->clock_ms_.store(now_ms, std::memory_order_relaxed);
  std::exchange(owner_, nullptr)->end(entry_, now_ms);
}

void Unanimity::Ticket::swap(Ticket& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(entry_, other.entry_);
}

}  // namespace woad
