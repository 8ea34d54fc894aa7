// The end of a connection whose owner is done with it; see Transport::close_after_flush().
//
// It waits until everything is written and the peer has closed, discarding what comes: a client
// that is still sending its request would lose the answer to a reset (RFC 9112 section 9.6). It
// gives up when nothing moves either way for kPatience, after kLongest, or after kMaxDiscard bytes.
#pragma once

#include <memory>

#include "proxy/base/timer_wheel.h"
#include "proxy/net/loop.h"
#include "proxy/net/transport.h"

namespace woad {

class Linger final : public LoopOwned, public TransportSink {
 public:
  static constexpr Duration kPatience = seconds(5);
  static constexpr Duration kLongest = seconds(30);
  static constexpr size_t kMaxDiscard = 64 << 20;

  // The loop owns the new object. `ended`: the peer has sent FIN already.
  static Linger& begin(Loop& loop, std::unique_ptr<Transport> transport, bool ended);

  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_drained() override;
  void on_lost(std::string_view) override { finish(); }

 private:
  Linger(Loop& loop, std::unique_ptr<Transport> transport, bool ended);
  void on_timer();
  void finish();

  Loop& loop_;
  std::unique_ptr<Transport> transport_;
  Timer timer_;
  MonoTime begun_;
  size_t backlog_;
  size_t discarded_ = 0;
  size_t discarded_before_ = 0;  // when the timer was armed
  bool ended_;
};

}  // namespace woad
