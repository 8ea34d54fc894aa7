// Codecs of HTTP/1 on memory transports, and sinks that write down what they are told.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/h1/client_codec.h"
#include "proxy/http/h1/server_codec.h"
#include "tests/support/memory_transport.h"

namespace woad::h1::testing {

inline std::string describe(const Headers& headers) {
  std::string text;
  for (const Header& field : headers) {
    text += "[" + std::string(field.name) + ": " + std::string(field.value) + "]";
  }
  return text;
}

inline std::string describe(const RequestHead& head) {
  std::string text(head.method_name);
  text += " " + std::string(head.path) + " @" + std::string(head.authority);
  if (!head.scheme.empty()) text += " scheme=" + std::string(head.scheme);
  if (head.protocol == Protocol::kHttp10) text += " 1.0";
  if (head.content_length.has_value()) text += " length=" + std::to_string(*head.content_length);
  if (!head.upgrade.empty()) text += " upgrade=" + std::string(head.upgrade);
  if (head.expects_continue) text += " expects-continue";
  if (head.te_trailers) text += " te-trailers";
  return text + describe(head.headers);
}

inline std::string describe(const ResponseHead& head) {
  std::string text = std::to_string(head.status);
  if (head.content_length.has_value()) text += " length=" + std::to_string(*head.content_length);
  if (!head.upgrade.empty()) text += " upgrade=" + std::string(head.upgrade);
  return text + describe(head.headers);
}

// What a stream was told, in words: "POST /x @h length=3 | abc | end".
class Log {
 public:
  void add(std::string_view event) {
    if (!text_.empty()) text_ += " | ";
    text_ += event;
  }
  void data(Buffer&& data, bool end) {
    body_ += data.to_string();
    if (end) finish_body("end");
  }
  void finish_body(std::string_view how) {
    if (!body_.empty()) add(std::exchange(body_, {}));
    add(how);
  }
  void reset(ResetReason reason, std::string_view why) {
    finish_body("reset(" + std::string(to_string(reason)) + ": " + std::string(why) + ")");
  }
  const std::string& text() const { return text_; }
  const std::string& open_body() const { return body_; }

 private:
  std::string text_;
  std::string body_;
};

// One request at a server codec. Answers by itself when told to.
class ServerStream final : public RequestSink {
 public:
  ServerStream(ArenaPool& arenas, BlockPool& blocks, ResponseWriter& out, bool answers)
      : arena_(arenas), blocks_(blocks), writer(&out), answers_(answers) {}

  void on_request(RequestHead& request, bool end) override {
    head = &request;
    log.add(describe(request));
    if (end) log.add("end");
    if (end && answers_) answer(200, std::string(request.path));
  }
  void on_bad_request(RequestHead& request, LocalReply reply) override {
    head = &request;
    bad_status = reply.effective_status();
    details = reply.details;
    if (answers_) answer(bad_status, "", reply.close);
  }
  void on_bad_body(LocalReply reply) override {
    bad_status = reply.effective_status();
    details = reply.details;
    log.add("bad body");
    if (answers_) answer(bad_status, "", reply.close);
  }
  void on_data(Buffer&& data, bool end) override {
    body += data.to_string();
    log.data(std::move(data), end);
    if (end && answers_) answer(200, body);
  }
  void on_trailers(Headers& trailers) override {
    log.finish_body("trailers" + describe(trailers));
    if (answers_) answer(200, body);
  }
  void on_reset(ResetReason reason, std::string_view why) override {
    log.reset(reason, why);
    was_reset = true;
    if (answers_) release();
  }
  void on_writable() override { ++writables; }
  Arena& arena() override { return arena_; }

  void answer(int status, std::string_view text, bool close = false) {
    ResponseHead response(arena_);
    response.status = status;
    response.content_length = text.size();
    writer->write_head(response, text.empty(), close);
    if (!text.empty()) write(text, true);
    release();
  }
  void write(std::string_view text, bool end) {
    Buffer data;
    data.append(blocks_, text);
    writer->write_data(std::move(data), end);
  }
  void release(ResetReason reason = ResetReason::kCancel) {
    if (writer != nullptr) std::exchange(writer, nullptr)->release(reason);
  }

  Arena& place() { return arena_; }

 private:
  Arena arena_;
  BlockPool& blocks_;

 public:
  Log log;
  RequestHead* head = nullptr;
  ResponseWriter* writer;
  std::string body;
  std::string details;
  int bad_status = 0;
  int writables = 0;
  bool was_reset = false;

 private:
  bool answers_;
};

// The owner of a server codec: closes as the real one does.
class ServerHarness final : public ServerConnection, private TransportSink {
 public:
  explicit ServerHarness(const HttpLimits& limits = {}, bool answers = true)
      : peer(scheduler, blocks), answers_(answers) {
    transport_ = peer.connect();
    codec = std::make_unique<H1ServerCodec>(*transport_, *this,
                                            CodecContext{scheduler, blocks, hostile}, limits);
    transport_->start(*this);
  }
  ~ServerHarness() {
    for (auto& stream : streams) stream->writer = nullptr;
  }

  RequestSink& on_stream(ResponseWriter& writer) override {
    streams.push_back(std::make_unique<ServerStream>(arenas, blocks, writer, answers_));
    return *streams.back();
  }
  void on_codec_done() override {
    done = true;
    Transport::close_after_flush(std::move(transport_));
  }
  void on_quiet(MonoTime until) override { quiet_until = until; }

  void end_turn() { scheduler.end_turn(); }
  // A turn, and what the transport delivers after it, until nothing moves.
  void settle() {
    for (int i = 0; i < 100; ++i) {
      scheduler.end_turn();
      const size_t before = peer.unread();
      peer.pump();
      if (before == peer.unread() && scheduler.turn_is_over()) break;
    }
  }
  void advance(Duration by) {
    scheduler.advance(scheduler.now() + by);
    settle();
  }
  ServerStream& last() { return *streams.back(); }
  uint64_t count(Hostile kind) const { return hostile[static_cast<size_t>(kind)]; }

  BlockPool blocks;
  ArenaPool arenas;
  Scheduler scheduler{MonoTime(seconds(100))};
  uint64_t hostile[kHostileCount] = {};
  MemoryPeer peer;
  std::unique_ptr<H1ServerCodec> codec;
  std::vector<std::unique_ptr<ServerStream>> streams;
  bool done = false;
  std::optional<MonoTime> quiet_until;

 private:
  void on_bytes(Slice bytes) override { codec->on_bytes(std::move(bytes)); }
  void on_eof() override { codec->on_eof(); }
  void on_drained() override { codec->on_transport_drained(); }
  void on_lost(std::string_view why) override { codec->on_transport_lost(why); }

  std::unique_ptr<Transport> transport_;
  bool answers_;
};

// One response at a client codec.
class ClientStream final : public ResponseSink {
 public:
  explicit ClientStream(ArenaPool& pool) : arena_(pool), head(arena_) {}

  void on_interim(ResponseHead& response) override { log.add("interim " + describe(response)); }
  void on_response(ResponseHead& response, bool end) override {
    log.add(describe(response));
    if (end) finish("end");
  }
  void on_data(Buffer&& data, bool end) override {
    log.data(std::move(data), end);
    if (end) finish("");
  }
  void on_trailers(Headers& trailers) override {
    log.finish_body("trailers" + describe(trailers));
    finish("");
  }
  void on_reset(ResetReason reason, std::string_view why) override {
    log.reset(reason, why);
    if (releases) release();
  }
  void on_writable() override { ++writables; }
  Arena& arena() override { return arena_; }

  void finish(std::string_view how) {
    if (!how.empty()) log.add(how);
    if (releases) release();
  }
  void release() {
    if (writer != nullptr) std::exchange(writer, nullptr)->release(ResetReason::kCancel);
  }

 private:
  Arena arena_;

 public:
  Log log;
  RequestHead head;
  RequestWriter* writer = nullptr;
  bool releases = true;
  int writables = 0;
};

class ClientHarness final : public ClientConnection, private TransportSink {
 public:
  explicit ClientHarness(const HttpLimits& limits = {}) : peer(scheduler, blocks) {
    transport_ = peer.connect();
    transport_->set_high_water(limits.buffer);
    codec = std::make_unique<H1ClientCodec>(*transport_, *this,
                                            CodecContext{scheduler, blocks, hostile}, limits);
    transport_->start(*this);
  }
  ~ClientHarness() {
    for (auto& stream : streams) stream->writer = nullptr;
  }

  void on_room_changed() override { ++room_changes; }
  void on_codec_done() override {
    done = true;
    Transport::close_after_flush(std::move(transport_));
  }

  ClientStream& open() {
    streams.push_back(std::make_unique<ClientStream>(arenas));
    ClientStream& stream = *streams.back();
    stream.writer = &codec->open_stream(stream);
    return stream;
  }
  // Opens a stream and sends a request without body.
  ClientStream& ask(std::string_view method = "GET", std::string_view path = "/") {
    ClientStream& stream = open();
    stream.head.method_name = method;
    stream.head.method = method_of(method);
    stream.head.authority = "up";
    stream.head.path = path;
    stream.writer->write_head(stream.head, true);
    scheduler.end_turn();
    return stream;
  }
  void write(ClientStream& stream, std::string_view text, bool end) {
    Buffer data;
    data.append(blocks, text);
    stream.writer->write_data(std::move(data), end);
  }
  void settle() { scheduler.end_turn(); }
  uint64_t count(Hostile kind) const { return hostile[static_cast<size_t>(kind)]; }

  BlockPool blocks;
  ArenaPool arenas;
  Scheduler scheduler{MonoTime(seconds(100))};
  uint64_t hostile[kHostileCount] = {};
  MemoryPeer peer;
  std::unique_ptr<H1ClientCodec> codec;
  std::vector<std::unique_ptr<ClientStream>> streams;
  int room_changes = 0;
  bool done = false;

 private:
  void on_bytes(Slice bytes) override { codec->on_bytes(std::move(bytes)); }
  void on_eof() override { codec->on_eof(); }
  void on_drained() override { codec->on_transport_drained(); }
  void on_lost(std::string_view why) override { codec->on_transport_lost(why); }

  std::unique_ptr<Transport> transport_;
};

}  // namespace woad::h1::testing
