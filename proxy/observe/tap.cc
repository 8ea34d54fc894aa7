#include "proxy/observe/tap.h"

#include <algorithm>
#include <utility>

namespace woad {

Tap::News Tap::ask(const AccessRecord& record, MonoTime now) {
  if (!filter_.matches(record)) return News::kNone;
  const std::lock_guard lock(mutex_);
  if (lines_left_ == 0) return News::kNone;
  if (waiting_ < kMaxWaiting && in_rate(now)) return News::kLine;
  return drop() ? News::kTellDrop : News::kNone;
}

// The generic cell rate algorithm with a burst of one second.
bool Tap::in_rate(MonoTime now) {
  constexpr Duration kEach = Duration(seconds(1)) / kLinesPerSecond;
  busy_until_ = std::max(busy_until_, now);
  if (busy_until_ - now > Duration(seconds(1)) - kEach) return false;
  busy_until_ += kEach;
  return true;
}

bool Tap::drop() {
  ++dropped_;
  return dropped_ == 1 && wake();
}

bool Tap::wake() { return !std::exchange(woken_, true); }

bool Tap::push(std::string line) {
  const std::lock_guard lock(mutex_);
  if (lines_left_ == 0) return false;
  if (waiting_ + line.size() > kMaxWaiting) return drop();
  waiting_ += line.size();
  lines_.push_back(std::move(line));
  --lines_left_;
  return wake();
}

Tap::Rest Tap::read(std::string& out, size_t enough) {
  const std::lock_guard lock(mutex_);
  while (!lines_.empty() && out.size() < enough) {
    out += lines_.front();
    waiting_ -= lines_.front().size();
    lines_.pop_front();
  }
  if (lines_.empty()) woken_ = false;
  return {lines_.empty() && lines_left_ == 0, dropped_};
}

uint64_t Tap::take_dropped() {
  const std::lock_guard lock(mutex_);
  return std::exchange(dropped_, 0);
}

void Tap::close() {
  const std::lock_guard lock(mutex_);
  lines_left_ = 0;
  std::deque<std::string>().swap(lines_);
  waiting_ = 0;
}

}  // namespace woad
