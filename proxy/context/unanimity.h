// The unanimity rule (context.correlate.infer_unanimous): when every inbound request that runs or
// ended a short while ago has the same context, an outbound request of no known origin has it too.
//
// Undyed requests count, so one of them beside a dyed one ends the agreement. One for the process,
// any thread; a spin lock held for some tens of nanoseconds. Outlives its tickets. Only used when
// the rule is switched on.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "proxy/base/time.h"
#include "proxy/context/age_list.h"
#include "proxy/context/hashed_slab.h"
#include "proxy/context/packed_context.h"
#include "proxy/context/spin_lock.h"
#include "proxy/context/values.h"

namespace woad {

class Unanimity {
 public:
  // Contexts that are told apart. More of them are only counted: there is no agreement anyway.
  static constexpr size_t kMaxContexts = 1024;

  // One inbound request, from its head to its end. Move-only; a ticket of nothing does nothing.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept { swap(other); }
    Ticket& operator=(Ticket&& other) noexcept {
      Ticket(std::move(other)).swap(*this);
      return *this;
    }
    // As finish(), at the last time that was told.
    ~Ticket();
    // The request is over; its context lingers from now on. Again: nothing.
    void finish(MonoTime now);

   private:
    friend class Unanimity;
    void swap(Ticket& other) noexcept;

    Unanimity* owner_ = nullptr;
    uint32_t entry_ = 0;
  };

  // `seed`: random for each process. `linger`: how long a context counts after its last request.
  Unanimity(uint64_t seed, Duration linger);
  Unanimity(const Unanimity&) = delete;
  Unanimity& operator=(const Unanimity&) = delete;

  void configure(Duration linger);

  // An inbound request of this context, which may be empty, begins.
  Ticket join(const ContextValues& values, MonoTime now);

  // The one context that is live; nothing when there are several or none. Views are in `arena`.
  std::optional<ContextValues> agreed(Arena& arena, MonoTime now);

 private:
  static constexpr size_t kMaxPacked = 3 + 2 * kMaxContextValue;

  // A context, in the list of those that run or of those that have ended.
  struct Entry {
    uint64_t key = 0;
    uint32_t next = kNoItem;
    uint32_t older = kNoItem;
    uint32_t newer = kNoItem;
    uint32_t active = 0;
    uint32_t ended_ms = 0;
    uint32_t size = 0;
    char packed[kMaxPacked] = {};

    std::string_view bytes() const { return {packed, size}; }
  };

  uint32_t entry_of(const ContextValues& values);
  void end(uint32_t entry, uint32_t now_ms);
  bool lingers(uint32_t ended_ms, uint32_t now_ms) const;
  void expire(uint32_t now_ms);

  const uint64_t seed_;
  std::atomic<int32_t> linger_ms_;
  std::atomic<uint32_t> clock_ms_{0};
  SpinLock lock_;  // guards what follows
  HashedSlab<Entry> entries_;
  AgeList<Entry> running_;
  AgeList<Entry> ended_;
  // Those beyond kMaxContexts, as if they had one context more.
  uint32_t crowd_active_ = 0;
  std::optional<uint32_t> crowd_ended_ms_;
};

}  // namespace woad
