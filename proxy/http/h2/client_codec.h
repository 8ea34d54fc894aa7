// The client side of HTTP/2: one upstream connection with many requests.
#pragma once

#include "proxy/http/h2/session.h"

namespace woad {

class H2ClientCodec;

struct H2ClientStream final : H2StreamOf<RequestWriter> {
  H2ClientStream(H2ClientCodec& side, H2Session& of) : H2StreamOf(of), codec(side) {}
  void write_head(const RequestHead& head, bool end) override;
  void begin_head() override;
  void add_field(const H2Field& field) override;
  void end_head(bool end, std::string_view over) override;
  void head_leaves() override;
  bool never_sent() const override { return !head_sent; }
  void retire() override;
  void fail(std::string_view why);
  bool anything_sent() const override { return head_sent; }
  bool anything_heard() const override { return head != nullptr; }

  H2ClientCodec& codec;
  ResponseSink* response_sink = nullptr;
  ResponseHead* head = nullptr;  // in the sink's arena; the one being read, or read last
  uint64_t begins_at = 0;        // in what the transport has written; from its head on
  uint8_t interims = 0;
  bool head_sent = false;
};

class H2ClientCodec final : public ClientCodec, private H2Side {
 public:
  // All outlive the codec. limits.concurrent_streams bounds our own streams too.
  H2ClientCodec(Transport& transport, ClientConnection& connection, const CodecContext& context,
                const HttpLimits& limits);

  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_transport_lost(std::string_view why) override;
  void on_transport_refused(std::string_view why) override;
  void on_transport_drained() override { session_.want_flush(); }
  size_t room() const override;
  RequestWriter& open_stream(ResponseSink& sink) override;
  size_t active_streams() const override { return session_.live(); }
  void begin_drain() override;
  Protocol protocol() const override { return Protocol::kHttp2; }
  std::string_view end_why() const override { return session_.end_why(); }

 private:
  friend struct H2ClientStream;
  // serving ──▶ draining: no new streams, by our wish or the peer's GOAWAY
  enum class Life : uint8_t { kServing, kDraining };

  H2Stream* on_peer_stream(int32_t) override { return nullptr; }
  void on_peer_settings() override;
  void on_peer_goaway() override;
  void on_ping_ack() override { awaiting_ping_ = false; }
  void on_settled() override;
  void on_done() override { connection_.on_codec_done(); }
  void keep(H2ClientStream& stream);
  void on_keep_alive();

  Transport& transport_;
  ClientConnection& connection_;
  H2Session session_;
  std::vector<std::unique_ptr<H2ClientStream>> spare_;
  Life life_ = Life::kServing;
  bool unsubmitted_ = false;  // some streams could not be opened; they are told at the turn's end
  bool awaiting_ping_ = false;
  uint32_t peer_streams_;
  size_t told_room_;
  MonoTime pinged_at_;
  Timer keep_alive_timer_;
};

}  // namespace woad
