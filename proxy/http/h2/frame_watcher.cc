#include "proxy/http/h2/frame_watcher.h"

#include <algorithm>
#include <cstring>

#include "proxy/http/detect.h"

namespace woad {
namespace {

// RFC 9113 section 6.
constexpr uint8_t kData = 0;
constexpr uint8_t kHeaders = 1;
constexpr uint8_t kPriority = 2;
constexpr uint8_t kRstStream = 3;
constexpr uint8_t kPushPromise = 5;
constexpr uint8_t kGoaway = 7;
constexpr uint8_t kContinuation = 9;
constexpr uint32_t kPriorityLength = 5;
constexpr uint8_t kEndStream = 1;
constexpr uint8_t kEndHeaders = 4;

uint32_t stream_at(const uint8_t* at) {
  return (static_cast<uint32_t>(at[0]) << 24 | static_cast<uint32_t>(at[1]) << 16 |
          static_cast<uint32_t>(at[2]) << 8 | at[3]) &
         0x7fffffff;
}

uint32_t length_at(const uint8_t* at) {
  return static_cast<uint32_t>(at[0]) << 16 | static_cast<uint32_t>(at[1]) << 8 | at[2];
}

}  // namespace

FrameWatcher::FrameWatcher(bool server, MonoTime now)
    : idle_(kIdleBurst, kIdlePerSecond, now),
      preface_left_(server ? static_cast<uint8_t>(kHttp2Preface.size()) : 0),
      server_(server) {}

FrameWatcher::Look FrameWatcher::look(std::string_view bytes, MonoTime now) {
  size_t at = std::min<size_t>(preface_left_, bytes.size());
  preface_left_ = static_cast<uint8_t>(preface_left_ - at);
  size_t frame_at = 0;
  while (at < bytes.size()) {
    if (payload_left_ > 0) {
      const size_t step = std::min<size_t>(payload_left_, bytes.size() - at);
      payload_left_ -= static_cast<uint32_t>(step);
      at += step;
      continue;
    }
    if (have_ == 0) frame_at = at;
    const size_t step = std::min<size_t>(wanted() - have_, bytes.size() - at);
    std::memcpy(header_ + have_, bytes.data() + at, step);
    have_ = static_cast<uint8_t>(have_ + step);
    at += step;
    if (have_ < wanted()) continue;
    const Verdict verdict = judge(now);
    if (verdict != Verdict::kFine) return {verdict, frame_at};
  }
  return {Verdict::kFine, bytes.size()};
}

size_t FrameWatcher::wanted() const {
  const bool priority =
      have_ >= kHeader && header_[3] == kPriority && length_at(header_) == kPriorityLength;
  return priority ? kPriorityHeader : kHeader;
}

FrameWatcher::Verdict FrameWatcher::judge(MonoTime now) {
  const uint8_t type = header_[3];
  const uint8_t flags = header_[4];
  const uint32_t stream = stream_at(header_ + 5);
  payload_left_ = length_at(header_) - static_cast<uint32_t>(have_ - kHeader);
  have_ = 0;
  seen_frame_ = true;
  is_data_ = type == kData;
  // CONTINUATION is bounded by nghttp2, a stream or its end by the limit on streams.
  const bool gets_on = type == kHeaders || type == kContinuation || type == kRstStream ||
                       type == kGoaway || (type == kData && (flags & kEndStream) != 0);
  if (!gets_on && !idle_.spend(now)) return Verdict::kFlood;
  if (in_block_) {
    if (type == kContinuation && stream == block_stream_ && (flags & kEndHeaders) != 0) {
      in_block_ = false;
      if (ends_stream_) remember_ended(stream);
    }
    return Verdict::kFine;
  }
  if (server_) {
    const Verdict verdict = judge_stream(type, stream);
    if (verdict != Verdict::kFine) return verdict;
  }
  if (type == kHeaders || type == kPushPromise) {
    block_stream_ = stream;
    ends_stream_ = type == kHeaders && (flags & kEndStream) != 0;
    in_block_ = (flags & kEndHeaders) == 0;
    if (!in_block_ && ends_stream_) remember_ended(stream);
  } else if (type == kRstStream || (type == kData && (flags & kEndStream) != 0)) {
    remember_ended(stream);
  }
  return Verdict::kFine;
}

FrameWatcher::Verdict FrameWatcher::judge_stream(uint8_t type, uint32_t stream) {
  if (type == kHeaders && stream > highest_) {
    skipped_from_ = highest_ + 1;
    skipped_to_ = stream;
    highest_ = stream;
    return Verdict::kFine;
  }
  if (type == kHeaders && stream >= skipped_from_ && stream < skipped_to_) {
    return Verdict::kStreamOrder;
  }
  if (type == kPriority && (stream == 0 || (length_at(header_) == kPriorityLength &&
                                            stream_at(header_ + kHeader) == stream))) {
    return Verdict::kPriority;
  }
  const bool must_be_open = type == kHeaders || type == kData || type == kContinuation;
  return must_be_open && stream != 0 && ended(stream) ? Verdict::kStreamClosed : Verdict::kFine;
}

bool FrameWatcher::ended(uint32_t stream) const {
  return std::find(ended_.begin(), ended_.end(), stream) != ended_.end();
}

}  // namespace woad
