// What an exchange takes from its worker, and a worker's view of a snapshot. One thread each.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "proxy/base/arena.h"
#include "proxy/base/buffer.h"
#include "proxy/base/event_log.h"
#include "proxy/base/random.h"
#include "proxy/base/scheduler.h"
#include "proxy/exchange/process_memory.h"
#include "proxy/exchange/series_memo.h"
#include "proxy/observe/metrics.h"
#include "proxy/observe/plaintext_callers.h"
#include "proxy/observe/tap_hub.h"
#include "proxy/snapshot/snapshot.h"
#include "proxy/upstream/live_pools.h"

namespace woad {

class MirrorSet;

// Where the requests of a direction are counted as they begin and while they are under way.
struct DirectionSeries {
  DirectionSeries(WorkerMetrics& metrics, Direction direction);

  size_t started;
  size_t active;
};

// Outlives every exchange of the worker.
struct WorkerContext {
  Scheduler& scheduler;
  BlockPool& blocks;
  ArenaPool& arenas;
  Random& random;
  WorkerMetrics& metrics;
  MirrorSet& mirrors;
  SpanQueue* spans = nullptr;                     // nullptr: spans go nowhere
  TapHub* taps = nullptr;                         // nullptr: nobody can tap
  PlaintextCallers* plaintext_callers = nullptr;  // nullptr: not kept
  EventLog* log = nullptr;                        // nullptr: nothing is told
  ProcessMemory* memory = nullptr;                // nullptr: nothing is bounded
  const DirectionSeries inbound{metrics, Direction::kInbound};
  const DirectionSeries outbound{metrics, Direction::kOutbound};

  const DirectionSeries& of(Direction direction) const {
    return direction == Direction::kInbound ? inbound : outbound;
  }
};

// Where the requests that end in one way are counted, in the worker's metrics.
struct RequestSeries {
  size_t requests = 0;
  Histogram* latency = nullptr;
  std::optional<size_t> route;  // outbound requests that got as far as a pool
};

// One worker's view of one snapshot; lives while it is the newest or an exchange uses it.
class SnapshotView {
 public:
  // `upstreams` are the worker's, `alive` counts its views; both outlive them.
  SnapshotView(std::shared_ptr<const Snapshot> snapshot, LivePools& upstreams, uint32_t& alive)
      : snapshot_(std::move(snapshot)), upstreams_(upstreams), alive_(alive) {
    ++alive_;
  }
  ~SnapshotView() { --alive_; }
  SnapshotView(const SnapshotView&) = delete;
  SnapshotView& operator=(const SnapshotView&) = delete;

  const Snapshot& snapshot() const { return *snapshot_; }
  LivePools& upstreams() { return upstreams_; }
  // Where requests and tries of this snapshot are counted.
  SeriesMemo<RequestSeries>& request_series() { return request_series_; }
  SeriesMemo<size_t>& attempt_series() { return attempt_series_; }

 private:
  friend class ViewRef;
  std::shared_ptr<const Snapshot> snapshot_;
  LivePools& upstreams_;
  SeriesMemo<RequestSeries> request_series_;
  SeriesMemo<size_t> attempt_series_;
  uint32_t& alive_;
  uint32_t refs_ = 0;
};

// A counted reference, without atomics.
class ViewRef {
 public:
  ViewRef() = default;
  explicit ViewRef(SnapshotView* view) : view_(view) {
    if (view_ != nullptr) ++view_->refs_;
  }
  ViewRef(const ViewRef& other) : ViewRef(other.view_) {}
  ViewRef(ViewRef&& other) noexcept : view_(std::exchange(other.view_, nullptr)) {}
  ViewRef& operator=(ViewRef other) noexcept {
    std::swap(view_, other.view_);
    return *this;
  }
  ~ViewRef() {
    if (view_ != nullptr && --view_->refs_ == 0) delete view_;
  }
  SnapshotView* operator->() const { return view_; }
  SnapshotView& operator*() const { return *view_; }

 private:
  SnapshotView* view_ = nullptr;
};

}  // namespace woad
