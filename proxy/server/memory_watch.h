// Keeps the process from being killed for its memory: over a ceiling new requests are refused, and
// those that run finish.
//
// The ceiling is a share of what the process may have: its container's limit (cgroup v2 or v1), its
// own (RLIMIT_DATA), or the machine's. What counts is what is held, as the allocator knows it, not
// what it keeps for later. Control loop.
#pragma once

#include <cstddef>
#include <functional>

#include "proxy/base/scheduler.h"
#include "proxy/exchange/process_memory.h"

namespace woad {

class MemoryWatch {
 public:
  static constexpr Duration kEvery = milliseconds(200);
  // Of what the process may have.
  static constexpr double kShare = 0.75;

  // Bytes that the process holds, given the ceiling; asked on the control loop.
  using Held = std::function<size_t(size_t ceiling)>;

  // `ceiling` in bytes. Everything outlives it.
  MemoryWatch(Scheduler& scheduler, ProcessMemory& memory, size_t ceiling, Held held);

  void start() { look(); }
  size_t ceiling() const { return ceiling_; }

 private:
  void look();

  ProcessMemory& memory_;
  const size_t ceiling_;
  const Held held_;
  Timer timer_;
};

// kShare of the smallest limit that there is for this process.
size_t memory_ceiling();
// Bytes of the heap in use; cheap while the process is small: then what it has resident.
size_t memory_held(size_t ceiling);

}  // namespace woad
