// Finished spans on their way from a worker to the exporter: a ring of fixed size.
//
// One thread writes, one reads; neither waits for the other or takes a lock. What finds no room is
// dropped and counted: a collector that is slow never slows a request.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "proxy/observe/span.h"

namespace woad {

class SpanQueue {
 public:
  // `wake` is called on the writer's thread when `wake_at` spans wait, once until the reader has
  // begun to read again.
  SpanQueue(size_t capacity, size_t wake_at, std::function<void()> wake);

  // The writer's. A span without content to fill, or nullptr when there is no room.
  Span* begin();
  // Hands over the span of the last begin().
  void commit();

  // The reader's. Lets the writer wake it again; call it before reading.
  void begin_reading() { woken_.store(false, std::memory_order_relaxed); }
  // The writer has woken it since it last began to read.
  bool woken() const { return woken_.load(std::memory_order_relaxed); }
  // The oldest span, or nullptr.
  const Span* front() const;
  void pop();

  // Any thread. The share of the traces that begin here and are recorded (tracing.sample).
  double sample() const { return sample_.load(std::memory_order_relaxed); }
  void set_sample(double share) { sample_.store(share, std::memory_order_relaxed); }
  // Any thread. Spans that wait; may be old by the time it is used.
  size_t size() const;
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kCacheLine = 64;

  std::vector<Span> ring_;
  const size_t wake_at_;
  const std::function<void()> wake_;
  std::atomic<double> sample_{0};
  // Counts since the start; the place in the ring is the rest by its size. Kept apart, so that the
  // two threads do not pull one cache line to and fro.
  alignas(kCacheLine) std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> dropped_{0};
  alignas(kCacheLine) std::atomic<uint64_t> read_{0};
  std::atomic<bool> woken_{false};
};

}  // namespace woad
