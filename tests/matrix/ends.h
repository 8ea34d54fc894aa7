// The client and the server on both sides of the sidecar: real codecs, and streams that write down
// what they are told.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http/codec.h"
#include "tests/matrix/wire.h"
#include "tests/support/certificates.h"

namespace woad::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

// What all ends share with the sidecar between them. One thread, one clock.
struct Ground {
  Buffer bytes(std::string_view text) {
    Buffer buffer;
    buffer.append(blocks, text);
    return buffer;
  }

  Scheduler scheduler{MonoTime(seconds(1000)), kCertificateNow};
  BlockPool blocks;
  ArenaPool arenas;
  uint64_t hostile[kHostileCount] = {};
  CodecContext codec{scheduler, blocks, hostile};
};

// What a stream was told, in words: "POST /x length=4 x-a=1 | end". Bodies are kept aside; fields
// are those that begin with "x-" and are not the sidecar's, and the few of gRPC.
class StreamLog {
 public:
  void head(std::string line, std::optional<uint64_t> length, const Headers& headers);
  void data(Buffer&& data, bool end);
  void trailers(const Headers& headers);
  void reset(ResetReason reason);
  void add(std::string_view event);

  std::string text;
  std::string body;
  bool ended = false;
  std::optional<ResetReason> was_reset;

 private:
  static std::string fields(const Headers& headers);
};

// One request as its client sees it. Releases itself when the response is over.
class Call final : public ResponseSink {
 public:
  explicit Call(Ground& ground) : ground_(ground), arena_(ground.arenas) {}
  ~Call();

  struct Ask {
    std::string_view method = "GET";
    std::string_view path = "/";
    Fields fields = {};
    std::optional<uint64_t> length = {};
    bool end = true;
    std::string_view authority = "up";
  };
  void send(RequestWriter& writer, const Ask& ask);
  void write(std::string_view text, bool end) { writer_->write_data(ground_.bytes(text), end); }
  void write_trailers(const Fields& fields);
  // Writes `total` bytes of pattern() as fast as there is room, then ends.
  void pour(size_t total);
  void hold(bool on) { writer_->hold_reading(on); }
  void cancel();
  bool over() const { return writer_ == nullptr; }
  size_t poured() const { return poured_; }

  StreamLog log;
  std::string error;  // x-woad-error
  bool hold_at_first_data = false;

 private:
  void on_interim(ResponseHead& head) override;
  void on_response(ResponseHead& head, bool end) override;
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers& trailers) override;
  void on_reset(ResetReason reason, std::string_view why) override;
  void on_writable() override;
  Arena& arena() override { return arena_; }
  void over_if(bool end);

  Ground& ground_;
  Arena arena_;
  RequestWriter* writer_ = nullptr;
  size_t to_pour_ = 0;
  size_t poured_ = 0;
};

// One request as the server sees it.
class Served final : public RequestSink {
 public:
  Served(Ground& ground, ResponseWriter& writer)
      : ground_(ground), arena_(ground.arenas), writer_(&writer) {}
  ~Served();

  struct Answer {
    int status = 200;
    std::string_view body = "";
    Fields fields = {};
    std::optional<uint64_t> length = {};
  };
  // A whole answer; with `length` not given the body's end is told by the protocol.
  void answer(const Answer& answer);
  void head(const Answer& answer, bool end);
  void interim(int status, const Fields& fields);
  void write(std::string_view text, bool end);
  void write_trailers(const Fields& fields);
  void pour(size_t total);
  void hold(bool on) { writer_->hold_reading(on); }
  void give_up(ResetReason reason);
  bool over() const { return writer_ == nullptr; }
  size_t poured() const { return poured_; }
  const RequestHead& request() const { return *request_; }

  StreamLog log;
  std::function<void(Served&)> on_end;  // when the request is there as a whole

 private:
  friend class ServerEnd;
  void on_request(RequestHead& head, bool end) override;
  void on_bad_request(RequestHead& head, LocalReply reply) override;
  void on_bad_body(LocalReply) override { on_reset(ResetReason::kProtocolError, {}); }
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers& trailers) override;
  void on_reset(ResetReason reason, std::string_view why) override;
  void on_writable() override;
  Arena& arena() override { return arena_; }
  void release(ResetReason reason);

  Ground& ground_;
  Arena arena_;
  ResponseWriter* writer_;
  const RequestHead* request_ = nullptr;
  std::function<void(Served&)> handler_;
  size_t to_pour_ = 0;
  size_t poured_ = 0;
};

// Byte `i` of the bodies that are poured.
inline char pattern(size_t i) { return static_cast<char>('a' + (i ^ (i >> 8)) % 26); }
bool is_pattern(std::string_view body, size_t total);

// A connection of a client. Calls live as long as it does.
class ClientEnd final : private TransportSink, private ClientConnection {
 public:
  ClientEnd(Ground& ground, std::unique_ptr<Transport> transport, Protocol protocol,
            const HttpLimits& limits);
  ~ClientEnd();

  Call& call(const Call::Ask& ask);
  void finish() { transport_->shutdown_write(); }
  size_t room() const { return done_ ? 0 : codec_->room(); }
  bool done() const { return done_; }
  // Once the codec is done: closes the transport. From the loop.
  void reap();

 private:
  void on_bytes(Slice bytes) override { codec_->on_bytes(std::move(bytes)); }
  void on_eof() override { codec_->on_eof(); }
  void on_drained() override { codec_->on_transport_drained(); }
  void on_lost(std::string_view why) override { codec_->on_transport_lost(why); }
  void on_room_changed() override {}
  void on_codec_done() override { done_ = true; }

  Ground& ground_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ClientCodec> codec_;
  std::deque<Call> calls_;
  bool done_ = false;
};

// A connection of the server.
class ServerEnd final : private TransportSink, private ServerConnection {
 public:
  using Handler = std::function<void(Served&)>;

  // `handler` is called on each request's head; `served` takes the request down.
  ServerEnd(Ground& ground, std::unique_ptr<Transport> transport, Protocol protocol,
            const HttpLimits& limits, const Handler& handler, std::deque<Served>& served);
  ~ServerEnd();

  void drain() { codec_->begin_drain(); }
  bool done() const { return done_; }
  void reap();

 private:
  void on_bytes(Slice bytes) override { codec_->on_bytes(std::move(bytes)); }
  void on_eof() override { codec_->on_eof(); }
  void on_drained() override { codec_->on_transport_drained(); }
  void on_lost(std::string_view why) override { codec_->on_transport_lost(why); }
  RequestSink& on_stream(ResponseWriter& writer) override;
  void on_codec_done() override { done_ = true; }

  Ground& ground_;
  const Handler& handler_;
  std::deque<Served>& served_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ServerCodec> codec_;
  bool done_ = false;
};

}  // namespace woad::test
