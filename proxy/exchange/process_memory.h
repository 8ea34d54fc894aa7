// Memory that all workers draw on together: bodies kept for another try, and whether the process
// has any left for new requests. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace woad {

class ProcessMemory {
 public:
  // Of request bodies kept for another try, in the whole process.
  static constexpr size_t kMostKept = 16 << 20;

  // False: there is no room for so many bytes more.
  bool keep(size_t bytes) {
    if (kept_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= kMostKept) return true;
    give_back(bytes);
    return false;
  }
  void give_back(size_t bytes) { kept_.fetch_sub(bytes, std::memory_order_relaxed); }
  size_t kept() const { return kept_.load(std::memory_order_relaxed); }

  // New requests are refused while it is.
  bool exhausted() const { return exhausted_.load(std::memory_order_relaxed); }
  void set_exhausted(bool on) { exhausted_.store(on, std::memory_order_relaxed); }

 private:
  std::atomic<size_t> kept_{0};
  std::atomic<bool> exhausted_{false};
};

// What one request has of it. `memory` outlives it; nullptr: nothing is bounded.
class KeptBytes {
 public:
  explicit KeptBytes(ProcessMemory* memory) : memory_(memory) {}
  ~KeptBytes() { give_back(); }
  KeptBytes(const KeptBytes&) = delete;
  KeptBytes& operator=(const KeptBytes&) = delete;

  bool keep(size_t bytes) {
    if (memory_ == nullptr) return true;
    if (!memory_->keep(bytes)) return false;
    bytes_ += bytes;
    return true;
  }
  void give_back() {
    if (bytes_ > 0) memory_->give_back(std::exchange(bytes_, 0));
  }

 private:
  ProcessMemory* memory_;
  size_t bytes_ = 0;
};

}  // namespace woad
