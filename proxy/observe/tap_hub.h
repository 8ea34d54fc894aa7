// The taps of the process: workers offer what they have just finished, readers get the lines.
//
//   worker: tapped()? ─▶ offer() ─▶ Tap ─▶ wake() ─▶ (control loop) notify() ─▶ TapReader's owner
//
// While nobody taps a request costs one relaxed load. Outlives its readers and the workers.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/observe/tap.h"

namespace woad {

class TapReader;

class TapHub {
 public:
  static constexpr size_t kMaxTaps = 4;

  // `wake` is called on any thread that offers; it sees to it that notify() is called on the
  // readers' one.
  explicit TapHub(std::function<void()> wake) : wake_(std::move(wake)) {}

  // Any thread.
  bool tapped() const { return count_.load(std::memory_order_relaxed) > 0; }
  // Any thread. `make_line() -> std::string` is called at most once, when a tap wants it.
  template <class MakeLine>
  void offer(const AccessRecord& record, MonoTime now, MakeLine&& make_line) {
    const Choice choice = choose(record, now);
    if (choice.size > 0) deliver(choice, make_line());
  }

  // The readers' thread. nullptr when kMaxTaps are open. `limit` as of Tap.
  std::unique_ptr<TapReader> open(TapFilter filter, uint64_t limit);
  // Tells the readers that slept, and whose taps have something, by their on_lines.
  void notify();

 private:
  friend class TapReader;
  // Kept while a line is made: a tap may be closed meanwhile.
  struct Choice {
    std::array<std::shared_ptr<Tap>, kMaxTaps> taps;
    size_t size = 0;
  };

  Choice choose(const AccessRecord& record, MonoTime now);
  void deliver(const Choice& choice, std::string_view line);
  void close(TapReader& reader);

  const std::function<void()> wake_;
  std::atomic<size_t> count_{0};
  std::mutex mutex_;  // of taps_; held while they are asked
  std::vector<std::shared_ptr<Tap>> taps_;
  std::vector<TapReader*> readers_;  // the readers' thread
};

// The reading end of a tap; destroying it closes the tap. The readers' thread.
class TapReader {
 public:
  TapReader(TapHub& hub, std::shared_ptr<Tap> tap) : hub_(hub), tap_(std::move(tap)) {}
  ~TapReader() { hub_.close(*this); }
  TapReader(const TapReader&) = delete;
  TapReader& operator=(const TapReader&) = delete;

  // `on_lines` is called from TapHub::notify() once a read() that found no more is out of date. It
  // destroys no reader.
  void listen(std::function<void()> on_lines) { on_lines_ = std::move(on_lines); }
  // As of Tap.
  Tap::Rest read(std::string& out, size_t enough) { return tap_->read(out, enough); }
  uint64_t take_dropped() { return tap_->take_dropped(); }

 private:
  friend class TapHub;
  TapHub& hub_;
  const std::shared_ptr<Tap> tap_;
  std::function<void()> on_lines_;
};

}  // namespace woad
