// The server side of HTTP/2: requests come up, responses go down.
#pragma once

#include "proxy/http/h2/priority.h"
#include "proxy/http/h2/session.h"

namespace woad {

class H2ServerCodec;

struct H2ServerStream final : H2StreamOf<ResponseWriter> {
  H2ServerStream(H2ServerCodec& side, H2Session& of) : H2StreamOf(of), codec(side) {}
  void write_interim(const ResponseHead& head) override;
  void write_head(const ResponseHead& head, bool end, bool close) override;
  void begin_head() override;
  void add_field(const H2Field& field) override;
  void end_head(bool end, std::string_view over) override;
  void retire() override;

  void prioritize(std::string_view said);

  H2ServerCodec& codec;
  RequestSink* request_sink = nullptr;
  RequestHead* head = nullptr;  // in the sink's arena; until on_request
  bool is_head = false;         // HEAD: the response has no body
  Priority priority;            // of the answer, as far as the head was read
};

class H2ServerCodec final : public ServerCodec, private H2Side {
 public:
  // The client's preface has not been taken off the input. All outlive the codec.
  H2ServerCodec(Transport& transport, ServerConnection& connection, const CodecContext& context,
                const HttpLimits& limits);

  void on_bytes(Slice bytes) override { session_.receive(std::move(bytes)); }
  void on_eof() override;
  void on_transport_lost(std::string_view why) override;
  void on_transport_drained() override { session_.want_flush(); }
  void begin_drain() override;
  void set_limits(const HttpLimits& limits) override { session_.apply_limits(limits); }
  Protocol protocol() const override { return Protocol::kHttp2; }
  std::string_view end_why() const override { return session_.end_why(); }
  size_t active_streams() const override { return session_.live(); }

 private:
  friend struct H2ServerStream;
  // serving ──▶ noticed (streams are still taken) ──▶ drained (none is)
  enum class Drain : uint8_t { kServing, kNoticed, kDrained };

  H2Stream* on_peer_stream(int32_t id) override;
  void on_ping_ack() override { finish_drain(); }
  void on_done() override { connection_.on_codec_done(); }
  void keep(H2ServerStream& stream);
  void finish_drain();
  void on_idle();

  ServerConnection& connection_;
  H2Session session_;
  std::vector<std::unique_ptr<H2ServerStream>> spare_;
  Drain drain_ = Drain::kServing;
  MonoTime busy_at_;  // when a stream was last open
  Timer idle_timer_;
  Timer drain_timer_;
};

}  // namespace woad
