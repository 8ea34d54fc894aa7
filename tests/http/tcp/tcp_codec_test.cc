// Opaque bytes at both codecs.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "proxy/http/tcp/client_codec.h"
#include "proxy/http/tcp/server_codec.h"
#include "tests/support/memory_transport.h"

using namespace woad;

namespace {

// What both harnesses have: a codec on a transport in memory, and the events of its stream.
struct Wire {
  void settle() { scheduler.end_turn(); }
  void take(Buffer&& data, bool end) {
    log += data.to_string();
    if (end) log += "|";
  }
  Buffer buffer(std::string_view text) {
    Buffer data;
    data.append(blocks, text);
    return data;
  }

  Scheduler scheduler{MonoTime(seconds(1000))};
  BlockPool blocks;
  ArenaPool arenas;
  uint64_t hostile[kHostileCount] = {};
  CodecContext context{scheduler, blocks, hostile};
  MemoryPeer peer{scheduler, blocks};
  Arena memory{arenas};
  std::string log;
  bool done = false;
};

class Server final : public Wire,
                     private ServerConnection,
                     private RequestSink,
                     private TransportSink {
 public:
  explicit Server(TcpServerCodec::Destination destination = {"db:5432"},
                  const HttpLimits& limits = {})
      : transport_(peer.connect()) {
    ServerConnection& self = *this;
    codec = std::make_unique<TcpServerCodec>(*transport_, self, context, limits,
                                             std::move(destination));
    transport_->start(*this);
  }
  void accept() {
    ResponseHead head(memory);
    head.tunnel = true;
    writer->write_head(head, false, false);
  }
  void release(ResetReason reason = ResetReason::kCancel) {
    std::exchange(writer, nullptr)->release(reason);
  }
  void close() { transport_.reset(); }

  std::unique_ptr<TcpServerCodec> codec;
  ResponseWriter* writer = nullptr;
  int writables = 0;

 private:
  RequestSink& on_stream(ResponseWriter& out) override {
    writer = &out;
    return *this;
  }
  void on_codec_done() override { done = true; }
  void on_request(RequestHead& head, bool end) override {
    log += std::string(head.method_name) + " " + std::string(head.authority) + " " +
           std::string(head.scheme) + (end ? " END" : "") + "\n";
    CHECK(head.protocol == Protocol::kTcp);
  }
  void on_bad_request(RequestHead&, LocalReply) override { FAIL("no request is bad"); }
  void on_bad_body(LocalReply) override { FAIL("no body is bad"); }
  void on_data(Buffer&& data, bool end) override { take(std::move(data), end); }
  void on_trailers(Headers&) override { FAIL("no trailers"); }
  void on_reset(ResetReason reason, std::string_view why) override {
    log += "[" + std::string(to_string(reason)) + ": " + std::string(why) + "]";
  }
  void on_writable() override { ++writables; }
  Arena& arena() override { return memory; }
  void on_bytes(Slice bytes) override { codec->on_bytes(std::move(bytes)); }
  void on_eof() override { codec->on_eof(); }
  void on_drained() override { codec->on_transport_drained(); }
  void on_lost(std::string_view why) override { codec->on_transport_lost(why); }

  std::unique_ptr<Transport> transport_;
};

class Client final : public Wire,
                     private ClientConnection,
                     private ResponseSink,
                     private TransportSink {
 public:
  Client() : transport_(peer.connect()) {
    ClientConnection& self = *this;
    codec = std::make_unique<TcpClientCodec>(*transport_, self, context, HttpLimits{});
    transport_->start(*this);
  }
  void ask() {
    writer = &codec->open_stream(*this);
    writer->write_head(RequestHead(memory), false);
  }
  void release() { std::exchange(writer, nullptr)->release(ResetReason::kCancel); }
  void close() { transport_.reset(); }

  std::unique_ptr<TcpClientCodec> codec;
  RequestWriter* writer = nullptr;

 private:
  void on_room_changed() override {}
  void on_codec_done() override { done = true; }
  void on_interim(ResponseHead&) override { FAIL("no interim"); }
  void on_response(ResponseHead& head, bool end) override {
    CHECK(head.tunnel);
    CHECK_FALSE(end);
    log += std::to_string(head.status) + "\n";
  }
  void on_data(Buffer&& data, bool end) override { take(std::move(data), end); }
  void on_trailers(Headers&) override { FAIL("no trailers"); }
  void on_reset(ResetReason reason, std::string_view why) override {
    log += "[" + std::string(to_string(reason)) + ": " + std::string(why) + "]";
  }
  void on_writable() override {}
  Arena& arena() override { return memory; }
  void on_bytes(Slice bytes) override { codec->on_bytes(std::move(bytes)); }
  void on_eof() override { codec->on_eof(); }
  void on_drained() override { codec->on_transport_drained(); }
  void on_lost(std::string_view why) override { codec->on_transport_lost(why); }

  std::unique_ptr<Transport> transport_;
};

}  // namespace

TEST_CASE("tcp server: a connection is a request, and its bytes wait for the tunnel") {
  Server server;
  server.peer.send("early ");
  CHECK(server.log.empty());
  server.settle();
  CHECK(server.log == "CONNECT db:5432 \n");
  server.peer.send("more");
  CHECK(server.peer.reading_held());
  CHECK(server.codec->active_streams() == 1);
  server.accept();
  CHECK(server.log == "CONNECT db:5432 \n");
  server.settle();
  server.peer.pump();
  CHECK(server.log == "CONNECT db:5432 \nearly more");
  CHECK_FALSE(server.peer.reading_held());
  server.writer->write_data(server.buffer("down"), false);
  server.settle();
  CHECK(server.peer.received() == "down");
}

TEST_CASE("tcp server: TLS is told as such") {
  Server server({"secure.example", true});
  server.settle();
  CHECK(server.log == "CONNECT secure.example https\n");
}

TEST_CASE("tcp server: each side ends by itself") {
  for (const bool client_first : {true, false}) {
    CAPTURE(client_first);
    Server server;
    server.settle();
    server.accept();
    server.settle();
    server.log.clear();
    if (client_first) server.peer.send_eof();
    server.settle();
    server.writer->write_data(server.buffer("bye"), true);
    server.settle();
    CHECK(server.peer.saw_eof());
    if (!client_first) server.peer.send_eof();
    server.settle();
    CHECK(server.log == "|");
    CHECK_FALSE(server.done);
    server.release();
    CHECK(server.done);
    server.close();
    CHECK(server.peer.received() == "bye");
    CHECK_FALSE(server.peer.was_reset());
  }
}

TEST_CASE("tcp server: an end before the tunnel is told behind what was sent") {
  Server server;
  server.peer.send("all");
  server.peer.pump();
  server.settle();
  server.accept();
  server.settle();
  server.peer.send_eof();
  server.settle();
  CHECK(server.log == "CONNECT db:5432 \nall|");
}

TEST_CASE("tcp server: an answer that is no tunnel closes, and says nothing") {
  Server server;
  server.settle();
  ResponseHead head(server.memory);
  head.status = 503;
  server.writer->write_head(head, false, true);
  server.writer->write_data(server.buffer("a page"), true);
  server.release();
  server.settle();
  CHECK(server.done);
  CHECK(server.peer.received().empty());
  server.close();
  CHECK_FALSE(server.peer.was_reset());
}

TEST_CASE("tcp server: a tunnel that is cut is reset; a lost client is told") {
  Server cut;
  cut.settle();
  cut.accept();
  cut.release(ResetReason::kConnectionLost);
  CHECK(cut.done);
  cut.close();
  CHECK(cut.peer.was_reset());

  Server lost;
  lost.settle();
  lost.accept();
  lost.settle();
  lost.log.clear();
  lost.peer.lose();
  CHECK(lost.log == "[connection lost: connection reset by peer]");
  CHECK_FALSE(lost.done);
  lost.release();
  CHECK(lost.done);

  Server before;
  before.peer.lose();
  CHECK(before.done);
  before.settle();
  CHECK(before.log.empty());
}

TEST_CASE("tcp server: back-pressure both ways") {
  Server server({"db:1"}, HttpLimits{.buffer = 10});
  server.settle();
  server.accept();
  server.settle();
  server.peer.accept(0);
  server.writer->write_data(server.buffer("more than ten bytes"), false);
  server.settle();
  CHECK_FALSE(server.writer->writable());
  server.writer->hold_reading(true);
  CHECK(server.peer.held(Hold::kStream));
  server.writer->hold_reading(false);
  CHECK_FALSE(server.peer.reading_held());
  server.codec->on_transport_drained();
  CHECK(server.writables == 1);
}

TEST_CASE("tcp client: to be connected is the answer") {
  Client client;
  CHECK(client.codec->room() == 1);
  client.ask();
  CHECK(client.codec->room() == 0);
  CHECK(client.log.empty());
  client.settle();
  CHECK(client.log == "200\n");
  CHECK_FALSE(client.writer->anything_sent());
  client.writer->write_data(client.buffer("up"), false);
  client.settle();
  CHECK(client.peer.received() == "up");
  CHECK(client.writer->anything_sent());
  client.peer.send("down");
  client.peer.send_eof();
  CHECK(client.log == "200\ndown|");
  client.writer->write_data(client.buffer("!"), true);
  client.settle();
  CHECK(client.peer.saw_eof());
  client.release();
  CHECK(client.done);
  CHECK(client.codec->room() == 0);
  client.close();
  CHECK_FALSE(client.peer.was_reset());
}

TEST_CASE("tcp client: a server that speaks first is heard behind the answer") {
  Client client;
  client.ask();
  client.peer.send("220 ready");
  CHECK(client.log == "200\n220 ready");
  client.settle();
  CHECK(client.log == "200\n220 ready");
}

TEST_CASE("tcp client: one that speaks to nobody is not used") {
  for (const bool ends : {true, false}) {
    Client client;
    if (ends) {
      client.peer.send_eof();
    } else {
      client.peer.send("220 ready");
    }
    CHECK(client.done);
    CHECK(client.codec->room() == 0);
  }
}

TEST_CASE("tcp client: a client that is gone is told to the server by a reset") {
  for (const bool spoke : {true, false}) {
    Client client;
    client.ask();
    if (spoke) {
      client.writer->write_data(client.buffer("half"), false);
    } else {
      client.peer.send("220 ready");
    }
    client.settle();
    client.release();
    CHECK(client.done);
    client.close();
    CHECK(client.peer.was_reset());
  }
}

TEST_CASE("tcp client: a lost connection") {
  Client client;
  client.ask();
  client.settle();
  client.peer.lose();
  CHECK(client.log == "200\n[connection lost: connection reset by peer]");
  client.release();

  Client unasked;
  unasked.peer.lose();
  CHECK(unasked.done);
}
