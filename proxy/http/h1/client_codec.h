// HTTP/1.1 towards an upstream, one request at a time.
//
//   Tx: kIdle ──▶ kHead ──▶ kBody ──▶ kEnd ──▶ (released) ──▶ kIdle
//                              └──101──▶ kTunnel ──▶ kEnd
//   Rx: kIdle ──▶ kHead ──▶ kBody ──▶ kEnd ──▶ (released) ──▶ kIdle
//                   └──101──▶ kTunnel ──▶ kEnd
//       any ──▶ kClosed (broken, or gone: nothing more is read)
//
// The connection takes another request only if both messages ended as they should and neither side
// wants it closed. Whatever an upstream sends unasked closes it, so that no client can get bytes
// that belong to another's answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/codec.h"
#include "proxy/http/h1/head_scan.h"

namespace woad {

namespace h1 {
class BodyReader;
}

class H1ClientCodec final : public ClientCodec, private RequestWriter, private TurnEnd {
 public:
  // `transport` and `connection` outlive the codec, which is deleted deferred.
  H1ClientCodec(Transport& transport, ClientConnection& connection, const CodecContext& context,
                const HttpLimits& limits);

  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_transport_lost(std::string_view why) override;
  void on_transport_refused(std::string_view why) override;
  void on_transport_drained() override;
  size_t room() const override { return sink_ == nullptr && reusable_ && !done_ ? 1 : 0; }
  RequestWriter& open_stream(ResponseSink& sink) override;
  size_t active_streams() const override { return sink_ != nullptr ? 1 : 0; }
  void begin_drain() override;
  Protocol protocol() const override { return Protocol::kHttp11; }
  std::string_view end_why() const override { return done_; }
  Duration peer_idle_timeout() const override { return peer_idle_timeout_; }

 private:
  enum class Tx : uint8_t { kIdle, kHead, kBody, kTunnel, kEnd };
  enum class Rx : uint8_t { kIdle, kHead, kBody, kTunnel, kEnd, kClosed };
  static constexpr int kMostInterims = 8;

  void write_head(const RequestHead& head, bool end) override;
  bool anything_sent() const override { return sent_; }
  bool anything_heard() const override { return interims_ > 0 || !partial_.empty(); }
  void write_data(Buffer&& data, bool end) override;
  void write_trailers(const Headers& trailers) override;
  bool writable() const override { return transport_.backlog() <= limits_.buffer; }
  void hold_reading(bool on) override;
  void release(ResetReason reason) override;
  void lose(ResetReason reason, std::string_view why);
  // The head that was queued in this turn may have left by now.
  void on_turn_end() override { sent_ = true; }

  bool can_write() const { return !done_ && rx_ != Rx::kClosed; }
  void read_head(Slice& bytes);
  void take_head(std::string_view bytes, bool more_behind);
  void read_body(Slice& bytes);
  void end_message(bool more_behind);
  void unsolicited();
  void fail(std::string_view why);
  void done(const char* why);

  Transport& transport_;
  ClientConnection& connection_;
  CodecContext context_;
  HttpLimits limits_;
  h1::HeadScan scan_{h1::HeadScan::Kind::kResponse};
  std::string partial_;  // the beginning of a head that came in pieces
  ResponseSink* sink_ = nullptr;
  h1::BodyReader* reader_ = nullptr;
  Duration peer_idle_timeout_{};
  uint64_t unwritten_ = 0;    // of a request body of declared length
  std::string_view upgrade_;  // asked for; in the stream's arena
  Tx tx_ = Tx::kIdle;
  Rx rx_ = Rx::kIdle;
  int8_t interims_ = 0;
  bool chunked_ = false;
  bool to_head_ = false;  // the request is HEAD
  bool reusable_ = true;
  bool sent_ = false;
  bool held_ = false;
  bool lost_ = false;
  const char* done_ = nullptr;  // why; nullptr: it goes on
};

}  // namespace woad
