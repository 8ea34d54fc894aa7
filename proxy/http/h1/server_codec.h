// HTTP/1.0 and HTTP/1.1 towards a client.
//
// Two machines run side by side, one for what is read and one for what is written:
//
//   Rx: kHead ──▶ kBody ──▶ kEnd ──▶ (stream released) ──▶ kHead
//         │  └──────────────▶ kEnd
//         └──▶ kUpgrade ──101──▶ kTunnel ──▶ kEnd
//         any ──▶ kDiscard (nothing more is read; the connection ends with the present response)
//   Tx: kIdle ──▶ kHead ──▶ kBody ──▶ kEnd ──▶ (stream released) ──▶ kIdle
//                   └──▶ kTunnel ──▶ kEnd
//
// One request at a time: bytes behind the present one wait unparsed, and reading is held while any
// wait. An idle connection holds no buffer and no parser; both come with a request, the parser in
// the stream's arena.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/timer_wheel.h"
#include "proxy/http/codec.h"
#include "proxy/http/h1/head_scan.h"
#include "proxy/http/validate.h"

namespace woad {

namespace h1 {
class BodyReader;
}

class H1ServerCodec final : public ServerCodec, private ResponseWriter, private TurnEnd {
 public:
  // `transport` and `connection` outlive the codec, which is deleted deferred.
  H1ServerCodec(Transport& transport, ServerConnection& connection, const CodecContext& context,
                const HttpLimits& limits);

  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_transport_lost(std::string_view why) override;
  void on_transport_drained() override;
  void begin_drain() override;
  void set_limits(const HttpLimits& limits) override;
  Protocol protocol() const override { return Protocol::kHttp11; }
  std::string_view end_why() const override { return done_; }
  size_t active_streams() const override { return sink_ != nullptr ? 1 : 0; }

 private:
  enum class Rx : uint8_t { kHead, kBody, kEnd, kUpgrade, kTunnel, kDiscard };
  enum class Tx : uint8_t { kIdle, kHead, kBody, kTunnel, kEnd };
  // How the end of the response's body is told.
  enum class Delimit : uint8_t { kLength, kChunks, kClose };

  void write_interim(const ResponseHead& head) override;
  void write_head(const ResponseHead& head, bool end, bool close) override;
  void write_data(Buffer&& data, bool end) override;
  void write_trailers(const Headers& trailers) override;
  bool writable() const override { return transport_.backlog() <= limits_.buffer; }
  void hold_reading(bool on) override;
  void release(ResetReason reason) override;
  void on_turn_end() override;

  void process(Slice bytes);
  void read_head(Slice& bytes);
  bool skip_blank_line(Slice& bytes);
  void take_head(std::string_view bytes);
  void refuse_head(std::string_view bytes, const h1::Fault& fault);
  void refuse(RequestHead& head, Refusal refusal);
  void read_body(Slice& bytes);
  void deliver_end(Buffer&& data);
  void queue(Slice bytes);
  void hold_pipeline(bool on);
  void begin_tunnel(const ResponseHead& head);
  void end_response();
  void next_request();
  void on_timer();
  void await(Duration limit);
  bool idle() const;
  void done(const char* why);

  Transport& transport_;
  ServerConnection& connection_;
  CodecContext context_;
  HttpLimits limits_;
  Timer timer_;
  // When the wait for a request or for the rest of a head is over; the timer may fire earlier, as
  // it is not moved for every request.
  MonoTime deadline_;
  h1::HeadScan scan_{h1::HeadScan::Kind::kRequest};
  std::string partial_;  // the beginning of a head that came in pieces
  Buffer pending_;       // what came behind the present request
  RequestSink* sink_ = nullptr;
  h1::BodyReader* reader_ = nullptr;
  uint64_t unwritten_ = 0;  // of a response of declared length
  Rx rx_ = Rx::kHead;
  Tx tx_ = Tx::kIdle;
  Delimit delimit_ = Delimit::kLength;
  bool http10_ = false;
  bool to_head_ = false;  // the request is HEAD
  bool upgrade_asked_ = false;
  bool keep_alive_ = true;
  bool blank_skipped_ = false;  // one empty line in front of the request line is allowed
  bool eof_ = false;
  bool lost_ = false;
  bool draining_ = false;
  const char* done_ = nullptr;  // why; nullptr: it goes on
  bool in_input_ = false;  // process() is on the stack and goes on by itself
  bool pipeline_held_ = false;
  bool stream_held_ = false;
};

}  // namespace woad
