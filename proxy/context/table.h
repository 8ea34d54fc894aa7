// The context table: which inbound requests run or have just ended, by the ids that an app passes
// on, so that an outbound request that brings one of them gets its context back.
//
// One for the process, shared by all workers; every method from any thread. There is no global
// lock: sixteen shards by key, each behind a spin lock that is held for some tens of nanoseconds
// (some hundreds when 4 KiB of carried headers are copied, some microseconds when a chunk of memory
// is added), and counts that are relaxed atomics. Outlives its tickets.
//
// An id stands for one context. Requests of the same colour and tenant share it; where they differ
// in something less, that is unknown; one of another colour or tenant makes the id ambiguous until
// all of them have ended and `linger` is over. It never guesses.
//
// What it cannot know is a request that it does not hold: one without context that came before the
// id was recorded, or one that was not recorded as every entry was of a running request.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "proxy/base/time.h"
#include "proxy/context/key.h"
#include "proxy/context/record.h"
#include "proxy/context/shard.h"
#include "proxy/context/table_state.h"

namespace woad {

class ContextTable {
 public:
  static constexpr size_t kMaxIds = 4;
  static constexpr uint32_t kMaxEntries = uint32_t{1} << 23;

  struct Limits {
    // An entry is the first new id of a request; up to three more ids of it ride along. More than
    // kMaxEntries count as kMaxEntries.
    uint32_t max_entries = 65536;
    // How long an id is known after its last request ended; at most 12 days.
    Duration linger = seconds(30);
  };

  struct Counters {
    uint32_t entries = 0;      // now
    uint32_t ids = 0;          // now; of all entries
    size_t carried_bytes = 0;  // now; of names and values
    uint64_t evictions = 0;
    uint64_t conflicts = 0;      // requests that made an id ambiguous
    uint64_t full = 0;           // requests not recorded: every entry was of a running one
    uint64_t carry_dropped = 0;  // requests whose carried headers were not kept
  };

  // What one id stands for now, for people.
  struct Description {
    uint32_t active = 0;  // requests that run
    // Until the id is forgotten; nothing while a request runs.
    std::optional<milliseconds> expires_in;
    ContextLookup lookup;
  };

  // One recorded request, from its head to its end. Move-only; a ticket of nothing does nothing.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept { swap(other); }
    Ticket& operator=(Ticket&& other) noexcept {
      Ticket(std::move(other)).swap(*this);
      return *this;
    }
    // As finish(), at the last time that the table was told.
    ~Ticket();

    // The request is over; its ids linger from now on. Again: nothing.
    void finish(MonoTime now);
    // Whether any id of the request is in the table.
    bool recorded() const { return table_ != nullptr; }

   private:
    friend class ContextTable;
    void swap(Ticket& other) noexcept;

    ContextTable* table_ = nullptr;
    std::array<SlotRef, kMaxIds> slots_{};
    uint8_t count_ = 0;
    bool dyed_ = false;
  };

  // `seed`: random for each process.
  ContextTable(uint64_t seed, const Limits& limits);
  ContextTable(const ContextTable&) = delete;
  ContextTable& operator=(const ContextTable&) = delete;

  // New limits for what is here already, too. Over a smaller max_entries the oldest ended ones go.
  void configure(const Limits& limits);

  ContextKey trace_key(TraceId id) const { return keys_.trace(id); }
  // `name` in lower case.
  ContextKey header_key(std::string_view name, std::string_view value) const {
    return keys_.header(name, value);
  }

  // Nothing was recorded, or all of it is forgotten: find and contradict need not be called.
  bool empty() const { return state_.ids.load(std::memory_order_relaxed) == 0; }

  // An inbound request begins. Of `ids` the first four count, and each once. At the limit the entry
  // that ended longest ago gives way; when all run, the ids that are new are not recorded.
  Ticket record(std::span<const ContextKey> ids, const ContextRecord& record, MonoTime now);

  // An inbound request that is not recorded, as it has no context, brings these ids: those that
  // stand for a colour or tenant become ambiguous.
  void contradict(std::span<const ContextKey> ids, MonoTime now);

  // Views of the record are in `arena`.
  ContextLookup find(ContextKey id, Arena& arena, MonoTime now) const;
  // Nothing when the id is unknown.
  std::optional<Description> describe(ContextKey id, Arena& arena, MonoTime now) const;

  // How many recorded requests with a colour or tenant run.
  uint32_t live() const { return state_.live.load(std::memory_order_relaxed); }

  // Forgets what lingered long enough. About once a second; 131,072 ids take some milliseconds.
  void expire(MonoTime now);

  Counters counters() const;
  // How many conflicts there were since it last said so; 0 also within a minute of the last time.
  // For one log line a minute; one thread.
  uint64_t conflicts_to_report(MonoTime now);
  // Memory in use, the table itself included.
  size_t bytes() const;

 private:
  struct Recording;

  // The highest bits; the shard's index goes by the lowest.
  static uint8_t shard_of(ContextKey id) { return static_cast<uint8_t>(id.hash >> 60); }
  ContextShard& shard(ContextKey id) { return shards_[shard_of(id)]; }
  const ContextShard& shard(ContextKey id) const { return shards_[shard_of(id)]; }
  bool reserve_entry();
  bool make_room(uint32_t now_ms);
  bool evict_oldest(uint32_t now_ms);
  void trim(uint32_t now_ms);
  void finish(const Ticket& ticket, uint32_t now_ms);

  std::array<ContextShard, kContextShards> shards_;
  const uint64_t seed_;
  const ContextKeys keys_;
  uint64_t conflicts_reported_ = 0;
  std::optional<MonoTime> last_report_;
  TableState state_;
};

}  // namespace woad
