// HTTP/1.1 towards an upstream, one request at a time.
//
//   Tx, a BodyWriter: (opened) ──▶ head ──▶ body ──▶ end ──▶ (released)
//                                                     └──101──▶ tunnel ──▶ end
//   Rx: kIdle ──▶ kHead ──▶ kBody ──▶ kEnd ──▶ (released) ──▶ kIdle
//                   └──101──▶ kTunnel ──▶ kEnd
//       any ──▶ kClosed (broken, or gone: nothing more is read)
//
// The connection takes another request only if both messages ended as they should and neither side
// wants it closed. Whatever an upstream sends unasked closes it, so that no client can get bytes
// that belong to another's answer. What is needed only while a request runs lives in its arena.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "proxy/http/codec.h"
#include "proxy/http/h1/body_writer.h"
#include "proxy/http/h1/head_reader.h"

namespace woad {

namespace h1 {
class BodyReader;
}

class H1ClientCodec final : public ClientCodec, private RequestWriter {
 public:
  // `transport` and `connection` outlive the codec, which is deleted deferred.
  H1ClientCodec(Transport& transport, ClientConnection& connection, const CodecContext& context,
                const HttpLimits& limits);

  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_transport_lost(std::string_view why) override;
  void on_transport_refused(std::string_view why) override;
  void on_transport_drained() override;
  size_t room() const override { return request_ == nullptr && life_ == Life::kOpen ? 1 : 0; }
  RequestWriter& open_stream(ResponseSink& sink) override;
  size_t active_streams() const override { return request_ != nullptr ? 1 : 0; }
  void begin_drain() override;
  Protocol protocol() const override { return Protocol::kHttp11; }
  std::string_view end_why() const override { return end_why_; }
  Duration peer_idle_timeout() const override { return peer_idle_timeout_; }

 private:
  enum class Rx : uint8_t { kIdle, kHead, kBody, kTunnel, kEnd, kClosed };
  // Of the connection; each may be skipped. kLast: no request comes after the present one. kLost:
  // nothing can be written. kDone: the owner was told.
  enum class Life : uint8_t { kOpen, kLast, kLost, kDone };
  static constexpr int kMostInterims = 8;

  // The present request, in its sink's arena.
  struct Request {
    explicit Request(ResponseSink& to) : sink(to) {}

    ResponseSink& sink;
    h1::BodyReader* reader = nullptr;
    h1::BodyWriter body;              // of the request
    std::string_view upgrade{};       // asked for
    uint64_t begins_at = UINT64_MAX;  // in what the transport has written; from its head on
    uint8_t interims = 0;
    bool to_head = false;  // it is HEAD
    bool held = false;     // its owner holds reading
  };

  void write_head(const RequestHead& head, bool end) override;
  bool anything_sent() const override { return transport_.written() > request_->begins_at; }
  bool anything_heard() const override { return request_->interims > 0 || heads_.begun(); }
  void write_data(Buffer&& data, bool end) override;
  void write_trailers(const Headers& trailers) override;
  bool writable() const override { return transport_.backlog() <= limits_.buffer; }
  void hold_reading(bool on) override;
  void release(ResetReason reason) override;
  void lose(ResetReason reason, std::string_view why);

  bool can_write() const { return rx_ != Rx::kClosed; }
  void end_before_response();
  void read_head(Slice& bytes);
  void take_head(const h1::FoundHead& found, bool more_behind);
  void read_body(Slice& bytes);
  void end_message(bool more_behind);
  // No request comes after the present one.
  void be_last() { life_ = std::max(life_, Life::kLast); }
  void unsolicited();
  void fail(std::string_view why);
  void done(const char* why);

  Transport& transport_;
  ClientConnection& connection_;
  CodecContext context_;
  HttpLimits limits_;
  h1::HeadReader heads_{h1::HeadScan::Kind::kResponse};
  Request* request_ = nullptr;
  Duration peer_idle_timeout_{};
  const char* end_why_ = "it has ended in order";
  Rx rx_ = Rx::kIdle;
  Life life_ = Life::kOpen;
};

}  // namespace woad
