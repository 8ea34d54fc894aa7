#include "proxy/observe/tap_hub.h"

#include <algorithm>
#include <utility>

namespace woad {

TapHub::Choice TapHub::choose(const AccessRecord& record, MonoTime now) {
  Choice choice;
  bool tell = false;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& tap : taps_) {
      switch (tap->ask(record, now)) {
        case Tap::News::kNone: break;
        case Tap::News::kLine: choice.taps[choice.size++] = tap; break;
        case Tap::News::kTellDrop: tell = true; break;
      }
    }
  }
  if (tell) wake_();
  return choice;
}

void TapHub::deliver(const Choice& choice, std::string_view line) {
  bool tell = false;
  for (size_t i = 0; i < choice.size; ++i) {
    tell = choice.taps[i]->push(std::string(line)) || tell;
  }
  if (tell) wake_();
}

std::unique_ptr<TapReader> TapHub::open(TapFilter filter, uint64_t limit) {
  if (readers_.size() >= kMaxTaps) return nullptr;
  auto tap = std::make_shared<Tap>(std::move(filter), limit);
  auto reader = std::make_unique<TapReader>(*this, tap);
  readers_.push_back(reader.get());
  const std::lock_guard lock(mutex_);
  taps_.push_back(std::move(tap));
  count_.store(taps_.size(), std::memory_order_relaxed);
  return reader;
}

void TapHub::close(TapReader& reader) {
  {
    const std::lock_guard lock(mutex_);
    std::erase(taps_, reader.tap_);
    count_.store(taps_.size(), std::memory_order_relaxed);
  }
  reader.tap_->close();
  std::erase(readers_, &reader);
}

void TapHub::notify() {
  for (TapReader* reader : readers_) {
    if (reader->on_lines_) reader->on_lines_();
  }
}

}  // namespace woad
