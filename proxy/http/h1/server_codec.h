// HTTP/1.0 and HTTP/1.1 towards a client.
//
// Two machines run side by side, one for what is read and one for what is written:
//
//   Rx: kHead ──▶ kBody ──▶ kEnd ──▶ (stream released) ──▶ kHead
//         │  └──────────────▶ kEnd
//         └──▶ kUpgrade ──101, or 2xx to CONNECT──▶ kTunnel ──▶ kEnd
//         any ──▶ kDiscard (nothing more is read; the connection ends with the present response)
//   Tx, a BodyWriter: (a request came) ──▶ head ──▶ body or tunnel ──▶ end ──▶ (stream released)
//
// One request at a time: bytes behind the present one wait unparsed, and reading is held while any
// wait. What is needed only while a request runs lives in its arena, so that an idle connection
// holds no buffer, no parser and next to no state.
#pragma once

#include "proxy/base/timer_wheel.h"
#include "proxy/http/codec.h"
#include "proxy/http/h1/body_writer.h"
#include "proxy/http/h1/head_reader.h"
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
  std::string_view end_why() const override { return end_why_; }
  size_t active_streams() const override { return request_ != nullptr ? 1 : 0; }

 private:
  enum class Rx : uint8_t { kHead, kBody, kEnd, kUpgrade, kTunnel, kDiscard };
  // Of the connection; each may be skipped. kDraining: we want it closed; kHalfClosed: the client
  // sent FIN; kLost: nothing arrives any more; kDone: the owner was told.
  enum class Life : uint8_t { kOpen, kDraining, kHalfClosed, kLost, kDone };

  // The present request, in its sink's arena.
  struct Request {
    Request(RequestSink& to, const RequestHead& head)
        : sink(to), http10(head.protocol == Protocol::kHttp10), method(head.method) {}

    RequestSink& sink;
    h1::BodyReader* reader = nullptr;
    h1::BodyWriter body;  // of the response
    bool http10;
    Method method;
    bool wants_tunnel = false;  // an upgrade, or CONNECT
    bool keep_alive = false;    // the connection goes on behind it
    bool held = false;          // its owner holds reading
  };

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
  void take_head(const h1::FoundHead& found);
  void refuse_head(const h1::FoundHead& found, const h1::Fault& fault);
  void refuse(RequestHead& head, Refusal refusal);
  void read_body(Slice& bytes);
  void queue(Slice bytes);
  void hold_pipeline(bool on);
  h1::BodyWriter body_for(const ResponseHead& head, bool end) const;
  void begin_tunnel(const ResponseHead& head);
  void next_request();
  void on_timer();
  void await_head();
  void await_request();
  bool idle() const;
  bool gone() const { return life_ >= Life::kLost; }
  // Nothing more is read, and the connection ends with the present response.
  void stop_reading();
  void done(const char* why);

  Transport& transport_;
  ServerConnection& connection_;
  CodecContext context_;
  HttpLimits limits_;
  Timer timer_;
  // When the wait for a request or for the rest of a head is over; the timer may fire earlier, as
  // it is not moved for every request.
  MonoTime deadline_;
  h1::HeadReader heads_{h1::HeadScan::Kind::kRequest};
  Buffer pending_;  // what came behind the present request
  Request* request_ = nullptr;
  const char* end_why_ = "it has ended in order";
  Rx rx_ = Rx::kHead;
  Life life_ = Life::kOpen;
  bool in_input_ = false;  // process() is on the stack and goes on by itself
};

}  // namespace woad
