// What one codec writes, the other reads with the same meaning.
#include <doctest/doctest.h>

#include "tests/http/h1/harness.h"

using namespace woad;
using namespace woad::h1::testing;

namespace {

struct Message {
  std::string name;
  std::optional<uint64_t> length;
  std::vector<std::string> pieces;
  bool trailers = false;
};

const Message kMessages[] = {
    {"none", {}, {}},
    {"declared", 6, {"abc", "def"}},
    {"declared, large", 100000, {std::string(60000, 'a'), std::string(40000, 'b')}},
    {"unknown", {}, {"abc", "", "def"}},
    {"unknown, large", {}, {std::string(70000, 'a'), "x"}},
    {"with trailers", {}, {"abc"}, true},
    {"trailers alone", {}, {""}, true},
};

template <class Writer>
void write_body(const Message& message, Writer& writer, BlockPool& blocks, Arena& arena) {
  for (size_t i = 0; i < message.pieces.size(); ++i) {
    Buffer data;
    data.append(blocks, message.pieces[i]);
    writer.write_data(std::move(data), !message.trailers && i + 1 == message.pieces.size());
  }
  if (!message.trailers) return;
  Headers trailers(arena);
  trailers.add("X-Sum", "42");
  writer.write_trailers(trailers);
}

std::string expected_tail(const Message& message) {
  std::string body;
  for (const std::string& piece : message.pieces) body += piece;
  return (body.empty() ? "" : " | " + body) +
         (message.trailers ? " | trailers[X-Sum: 42]" : " | end");
}

}  // namespace

TEST_CASE("requests") {
  for (const Message& message : kMessages) {
    for (const size_t piece : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
      if (piece == 1 && message.length.value_or(0) > 1000) continue;
      CAPTURE(message.name);
      ClientHarness client;
      ServerHarness server({}, false);
      ClientStream& out = client.open();
      out.head.method = Method::kPost;
      out.head.method_name = "POST";
      out.head.path = "/p?q=%20";
      out.head.authority = "up:80";
      out.head.te_trailers = true;
      out.head.content_length = message.length;
      out.head.headers.add("Name", "some value");
      out.writer->write_head(out.head, message.pieces.empty());
      write_body(message, *out.writer, client.blocks, out.arena());
      client.settle();
      server.peer.send_in_pieces(client.peer.take_received(), piece);
      REQUIRE(server.streams.size() == 1);
      const size_t length = message.length.value_or(0);
      const bool declared = message.length.has_value() || message.pieces.empty();
      CHECK(server.last().log.text() ==
            "POST /p?q=%20 @up:80" + (declared ? " length=" + std::to_string(length) : "") +
                " te-trailers[Name: some value]" + expected_tail(message));
    }
  }
}

TEST_CASE("responses") {
  for (const Message& message : kMessages) {
    CAPTURE(message.name);
    ClientHarness client;
    ServerHarness server({}, false);
    ClientStream& in = client.ask("GET", "/");
    server.peer.send(client.peer.take_received());
    REQUIRE(server.streams.size() == 1);
    ServerStream& out = server.last();
    ResponseHead head(out.place());
    head.status = 201;
    head.content_length = message.length;
    head.headers.add("Name", "some value");
    out.writer->write_head(head, message.pieces.empty(), false);
    write_body(message, *out.writer, server.blocks, out.arena());
    out.release();
    server.settle();
    client.peer.send(server.peer.take_received());
    const bool declared = message.length.has_value() || message.pieces.empty();
    CHECK(in.log.text() ==
          "201" + (declared ? " length=" + std::to_string(message.length.value_or(0)) : "") +
              "[Name: some value]" + expected_tail(message));
    CHECK(client.codec->room() == 1);
    CHECK(!server.done);
  }
}
