// Opaque bytes towards an upstream: a connection that carries one tunnel, and is not used again.
//
//   fresh ──stream──▶ asked ──▶ tunnel ──▶ done
//
// That it is connected is the answer to the request; nothing of the request's head is sent. One
// thread.
#pragma once

#include "proxy/http/codec.h"

namespace woad {

class TcpClientCodec final : public ClientCodec, private RequestWriter, private TurnEnd {
 public:
  // `transport` and `connection` outlive the codec, which is deleted deferred.
  TcpClientCodec(Transport& transport, ClientConnection& connection, const CodecContext& context,
                 const HttpLimits& limits)
      : transport_(transport), connection_(connection), context_(context), limits_(limits) {}

  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_transport_lost(std::string_view why) override;
  void on_transport_refused(std::string_view why) override;
  void on_transport_drained() override;
  size_t room() const override { return state_ == State::kFresh ? 1 : 0; }
  RequestWriter& open_stream(ResponseSink& sink) override;
  size_t active_streams() const override { return sink_ != nullptr ? 1 : 0; }
  // Opaque bytes have no graceful end.
  void begin_drain() override {}
  Protocol protocol() const override { return Protocol::kTcp; }

 private:
  enum class State : uint8_t { kFresh, kAsked, kTunnel, kLost, kDone };

  void write_head(const RequestHead& head, bool end) override;
  bool anything_sent() const override { return sent_; }
  // That it is connected is all that can be heard before the tunnel.
  bool anything_heard() const override { return state_ == State::kTunnel; }
  void write_data(Buffer&& data, bool end) override;
  void write_trailers(const Headers&) override { write_data(Buffer(), true); }
  bool writable() const override { return transport_.backlog() <= limits_.buffer; }
  void hold_reading(bool on) override;
  void release(ResetReason reason) override;
  void on_turn_end() override { answer(); }

  void answer();
  void lose(ResetReason reason, std::string_view why);
  void done();

  Transport& transport_;
  ClientConnection& connection_;
  CodecContext context_;
  HttpLimits limits_;
  ResponseSink* sink_ = nullptr;
  State state_ = State::kFresh;
  bool sent_ = false;
  bool ended_ = false;       // we sent FIN
  bool peer_ended_ = false;  // so did the upstream
};

}  // namespace woad
