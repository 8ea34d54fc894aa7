// One connection to an endpoint: a transport, a client codec, and their place in a pool.
//
//   dialing ──▶ open ──▶ draining ──▶ closing ──▶ (deleted at the end of the turn)
//      └─────────┴─────────────────────▶┘
// Owned by its ConnectionPool. One thread.
#pragma once

#include <cstdint>
#include <memory>

#include "proxy/base/intrusive_list.h"
#include "proxy/base/log_field.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/http/codec.h"
#include "proxy/net/tls/connection_age.h"
#include "proxy/net/transport.h"
#include "proxy/upstream/dialer.h"

namespace woad {

class ConnectionPool;

class UpstreamConnection final : public Deferred,
                                 public ListLink,
                                 private TransportSink,
                                 private ClientConnection,
                                 private DialSink,
                                 private AgeSink {
 public:
  enum class State : uint8_t { kDialing, kOpen, kDraining, kClosing };

  explicit UpstreamConnection(ConnectionPool& pool);
  ~UpstreamConnection() override;

  // Starts dialing; the pool hears of the end of it.
  void dial();
  // Instead: somebody has dialed.
  void adopt(Dialed dialed) { on_dialed(std::move(dialed)); }
  // When it began to dial, or was taken over.
  MonoTime begun() const { return begun_; }
  size_t room() const { return state_ == State::kOpen ? codec_->room() : 0; }
  // What is spoken on it, once it is open.
  Protocol protocol() const { return codec_->protocol(); }
  size_t active_streams() const { return codec_ == nullptr ? 0 : codec_->active_streams(); }
  // An idle HTTP/1 connection on which something has come, and none was asked for: its end, mostly.
  // In the loop's next turn it is gone.
  bool is_ending() const;
  // Requires room() > 0.
  RequestWriter& open_stream(ResponseSink& sink);
  // True once a stream was opened before the latest one: the peer may have closed meanwhile.
  bool reused() const { return streams_opened_ > 1; }
  // Begins the wait for work that ends in closing; any new stream ends the wait.
  void start_idle_timer();
  // No new streams; deleted when the open ones have ended, at the latest after
  // ConnectionAge::kReplaced.
  void drain();

 private:
  void on_dialed(Dialed dialed) override;
  void on_dial_failed(DialFailure failure) override;
  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_drained() override;
  void on_lost(std::string_view why) override;
  void on_room_changed() override;
  void on_codec_done() override;
  void on_old() override;
  void on_too_old() override;
  std::unique_ptr<ClientCodec> make_codec(Protocol protocol);
  bool alive() const { return state_ == State::kOpen || state_ == State::kDraining; }
  void on_idle();
  void begin_drain();
  void close(std::string_view why);
  // Its story, at level debug.
  void tell(std::string_view sentence, LogField detail) const;

  ConnectionPool& pool_;
  const MonoTime begun_;
  std::unique_ptr<Dial> dial_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ClientCodec> codec_;
  Timer idle_timer_;
  ConnectionAge age_;
  uint64_t streams_opened_ = 0;
  State state_ = State::kDialing;
};

}  // namespace woad
