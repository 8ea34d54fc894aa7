// Reads the frame headers of one connection's input ahead of nghttp2, for what nghttp2 passes over
// in silence: frames on streams that the peer itself has ended (RFC 9113 section 5.1), streams
// opened out of order (5.1.1), PRIORITY that makes no
// sense, and floods of frames that get nothing done. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/http/h2/rate_budget.h"

namespace woad {

class FrameWatcher {
 public:
  enum class Verdict : uint8_t { kFine, kStreamClosed, kStreamOrder, kPriority, kFlood };

  struct Look {
    Verdict verdict;
    size_t good;  // bytes before the frame that is not fine
  };

  // `server`: the input starts with the preface and its streams are opened by the peer.
  FrameWatcher(bool server, MonoTime now);

  // Every byte of the input passes here once, in order; after another verdict than kFine, none.
  Look look(std::string_view bytes, MonoTime now);

  // Something useful was done for the peer: ten idle frames more are forgiven.
  void useful() { idle_.give(10); }

  // Within a header block: HEADERS came, END_HEADERS has not.
  bool in_block() const { return in_block_; }

  // True while the peer owes us something that it must not take its time for: the preface, the
  // first frame, the rest of a frame header or of a header block.
  bool unfinished() const {
    return !seen_frame_ || have_ > 0 || in_block_ || (payload_left_ > 0 && !is_data_);
  }

 private:
  // Idle frames in a burst, and each second (10,000 in 10 s).
  static constexpr uint32_t kIdleBurst = 10000;
  static constexpr uint32_t kIdlePerSecond = 1000;
  static constexpr size_t kRemembered = 32;

  // How much of a frame is read before it is judged: its header, of PRIORITY the dependency too.
  static constexpr size_t kHeader = 9;
  static constexpr size_t kPriorityHeader = 13;

  size_t wanted() const;
  Verdict judge(MonoTime now);
  Verdict judge_stream(uint8_t type, uint32_t stream);
  void remember_ended(uint32_t stream) { ended_[ended_next_++ % kRemembered] = stream; }
  bool ended(uint32_t stream) const;

  RateBudget idle_;
  std::array<uint32_t, kRemembered> ended_{};  // the latest streams that the peer has ended
  size_t ended_next_ = 0;
  uint32_t highest_ = 0;       // the highest stream the peer has opened
  uint32_t skipped_from_ = 1;  // [skipped_from_, skipped_to_): ids it passed over last
  uint32_t skipped_to_ = 1;
  uint32_t payload_left_ = 0;
  uint32_t block_stream_ = 0;  // the stream of the HEADERS whose block goes on
  uint8_t header_[kPriorityHeader];
  uint8_t have_ = 0;
  uint8_t preface_left_;
  bool server_;
  bool seen_frame_ = false;
  bool in_block_ = false;     // HEADERS came, END_HEADERS has not
  bool ends_stream_ = false;  // that HEADERS had END_STREAM
  bool is_data_ = false;
};

}  // namespace woad
