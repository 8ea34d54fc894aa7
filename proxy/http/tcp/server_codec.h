// Opaque bytes towards a client: a connection that is one request to be connected to a service, and
// a tunnel behind it.
//
//   waiting ──the upstream is there──▶ tunnel ──▶ done
//      └──────────answered with an error─────────▶┘
//
// The request is a CONNECT of Protocol::kTcp, made up here; nothing is said to the client but what
// the upstream says and, by a reset for ResetReason::kNotConnected, that it cannot be reached. What
// the client sends before that waits, and reading is held. One thread.
#pragma once

#include <string>

#include "proxy/http/codec.h"

namespace woad {

class TcpServerCodec final : public ServerCodec, private ResponseWriter, private TurnEnd {
 public:
  // Where the client wants to go.
  struct Destination {
    std::string authority;
    bool tls = false;  // its bytes are those of TLS
  };

  // `transport` and `connection` outlive the codec, which is deleted deferred. The stream begins at
  // the end of the turn.
  TcpServerCodec(Transport& transport, ServerConnection& connection, const CodecContext& context,
                 const HttpLimits& limits, Destination destination);

  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_transport_lost(std::string_view why) override;
  void on_transport_drained() override;
  // Opaque bytes have no graceful end.
  void begin_drain() override {}
  void set_limits(const HttpLimits& limits) override { limits_ = limits; }
  Protocol protocol() const override { return Protocol::kTcp; }
  size_t active_streams() const override { return state_ == State::kDone ? 0 : 1; }

 private:
  // kBegins: the request has yet to be made.
  enum class State : uint8_t { kBegins, kWaiting, kTunnel, kDone };

  void write_interim(const ResponseHead&) override {}
  void write_head(const ResponseHead& head, bool end, bool close) override;
  void write_data(Buffer&& data, bool end) override;
  void write_trailers(const Headers&) override { write_data(Buffer(), true); }
  bool writable() const override { return transport_.backlog() <= limits_.buffer; }
  void hold_reading(bool on) override { transport_.hold_reading(Hold::kStream, on); }
  void release(ResetReason reason) override;
  void on_turn_end() override;

  void begin();
  void done();

  Transport& transport_;
  ServerConnection& connection_;
  CodecContext context_;
  HttpLimits limits_;
  Destination destination_;
  RequestSink* sink_ = nullptr;
  Buffer pending_;  // what came before the tunnel
  State state_ = State::kBegins;
  bool client_ended_ = false;  // it sent FIN
  bool ended_ = false;         // so did we
};

}  // namespace woad
