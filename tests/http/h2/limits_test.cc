// Limits and floods: attacks 27 to 32.
#include <doctest/doctest.h>

#include "tests/http/h2/rig.h"

using namespace woad;
using namespace woad::h2test;

namespace {

FieldList head_of(size_t count, std::string_view value) {
  FieldList fields = {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
  for (size_t i = 0; i < count; ++i) fields.emplace_back("a", value);
  return fields;
}

void serve(ServedStream& stream) {
  stream.respond(200, true);
  stream.release();
}

}  // namespace

TEST_CASE("heads beyond the limits") {
  struct Case {
    const char* name;
    size_t fields;
    size_t value;
    bool crumbs;
    const char* log;  // its beginning
  };
  const Case cases[] = {
      {"just below in count", 196, 1, false, "request"},
      {"above in count", 197, 1, false, "bad 431"},
      {"four times the count", 796, 1, false, "bad 431"},
      {"more than four times the count", 797, 1, false, "reset protocol error: the headers are"},
      {"cookie crumbs count", 197, 1, true, "bad 431"},
      {"just below in bytes", 60, 1000, false, "request"},
      {"above in bytes", 70, 1000, false, "bad 431"},
      {"twice the bytes", 5, 28000, false, "bad 431"},
      {"four times the bytes", 16, 16000, false, "bad 431"},
      {"more than four times the bytes", 20, 16000, false, "reset protocol error: the headers are"},
      {"twelve times the bytes", 48, 16000, false, "reset protocol error: the headers are"},
  };
  for (const Case& test : cases) {
    INFO(std::string(test.name));
    World world;
    ServerSide server(world);
    server.on_each = serve;
    const std::string value(test.value, 'v');
    FieldList fields = head_of(test.fields, value);
    for (auto& [name, text] : fields) {
      if (test.crumbs && name == "a") name = "cookie";
    }
    server.send(preface() + long_headers(1, fields, true));
    CHECK(server.logs().substr(0, std::string_view(test.log).size()) == test.log);
    CHECK(world.count(Hostile::kHeadersTooLarge) == (std::string_view(test.log) != "request"));
    CHECK(server.codec->active_streams() == 0);
    server.send(get(3));
    CHECK(server.logs().ends_with("request GET http a / END\n"));
  }
}

TEST_CASE("a head beyond the limits must keep the rules all the same") {
  World world;
  ServerSide server(world);
  FieldList fields = head_of(250, "v");
  fields.emplace_back("connection", "close");
  server.send(preface() + headers(1, fields, true));
  CHECK(server.logs() == "reset protocol error: the message breaks HTTP\n");
  CHECK(world.count(Hostile::kMalformedHead) == 1);
  CHECK(world.count(Hostile::kHeadersTooLarge) == 0);
}

// nghttp2 takes no field beyond 64 KiB, and knows nothing of the fields behind it.
TEST_CASE("a field that is too long for HTTP/2 ends the connection, and it is told why") {
  const std::string why = "a header field on this connection is longer than 65,536 bytes";
  const std::string value(70000, 'v');
  const std::string name(70000, 'n');
  FieldList long_name = head_of(0, "");
  long_name.emplace_back(name, "v");
  const struct {
    const char* name;
    std::string input;
    bool fresh = true;  // of a request that nobody was told of
  } kCases[] = {
      {"a value", long_headers(3, head_of(1, value), true)},
      {"a name", long_headers(3, long_name, true)},
      {"in trailers", headers(3, post_fields(), false) + long_headers(3, {{"a", value}}, true),
       false},
  };
  for (const auto& test : kCases) {
    for (const size_t piece : {size_t{30000}, size_t{1000}, size_t{1}}) {
      INFO(std::string(test.name));
      CAPTURE(piece);
      World world;
      ServerSide server(world);
      server.on_each = [](ServedStream& stream) {
        if (stream.log.starts_with("bad")) serve(stream);
      };
      server.send(preface() + get(1));
      server.output();
      server.peer.send_in_pieces(test.input, piece);
      CHECK(server.output().ends_with("GOAWAY 3 9\n"));
      CHECK(server.reader.goaway_text == why);
      CHECK(server.done);
      CHECK(server.streams[0].log ==
            "request GET http a / END\nreset connection lost: " + why + "\n");
      CHECK(server.streams[1].log ==
            (test.fresh ? "bad 431 " + why + " [GET]\n"
                        : "request POST http a /\nreset protocol error: " + why + "\n"));
      CHECK(world.count(Hostile::kHeadersTooLarge) == 1);
      CHECK(world.count(Hostile::kProtocolError) == 0);
      CHECK(world.faults.text == "headers_too_large: " + why + "\n");
    }
  }
}

TEST_CASE("broken header compression is another fault") {
  World world;
  ServerSide server(world);
  server.send(preface() + get(1) +
              frame(kHeaders, kEndStream | kEndHeaders, 3, "\xff\xff\xff\xff\xff\x7f"));
  CHECK(server.output().ends_with("GOAWAY 3 9\n"));
  CHECK(server.reader.goaway_text == "the header compression of the peer is broken");
  CHECK(server.done);
  CHECK(world.count(Hostile::kProtocolError) == 1);
  CHECK(world.faults.text == "protocol_error: the header compression of the peer is broken\n");
  CHECK(server.streams[0].log.ends_with("the header compression of the peer is broken\n"));
}

TEST_CASE("an HPACK bomb stays small") {
  // One large table entry, then references to it, a byte each.
  std::string bomb = block(head_of(0, ""));
  const std::string value(4000, 'v');
  bomb += '\x40';
  bomb += '\x01';
  bomb += 'a';
  bomb += "\x7f\xa1\x1e";  // length 4000 as a 7-bit integer
  bomb += value;
  bomb += std::string(10000, '\xbe');
  World world;
  ServerSide server(world);
  server.on_each = serve;
  server.send(preface() + settings() + frame(kHeaders, kEndStream | kEndHeaders, 1, bomb));
  CHECK(server.logs().starts_with("reset protocol error: the headers are larger"));
  server.send(get(3));
  CHECK(server.logs().ends_with("request GET http a / END\n"));
}

TEST_CASE("heads of all live streams share a budget") {
  World world;
  ServerSide server(world);
  server.send(preface());
  const std::string value(60000, 'v');
  for (uint32_t i = 0; i < 30; ++i) server.send(headers(1 + 2 * i, head_of(1, value), true));
  size_t served = 0;
  size_t refused = 0;
  for (ServedStream& stream : server.streams) {
    served += stream.log.starts_with("request") ? 1U : 0U;
    refused += stream.log.starts_with("bad 431") ? 1U : 0U;
  }
  CHECK(served == 17);
  CHECK(refused == 13);
  for (ServedStream& stream : server.streams) {
    if (stream.writer == nullptr) continue;
    stream.respond(200, true);
    stream.release();
  }
  world.turn();
  server.send(headers(101, head_of(1, value), true));
  CHECK(server.streams.back().log.starts_with("request"));
}

TEST_CASE("streams beyond the limit") {
  HttpLimits limits;
  limits.concurrent_streams = 3;
  World world;
  ServerSide server(world, limits);
  server.send(preface());
  for (uint32_t id = 1; id <= 5; id += 2) server.send(get(id));
  // A reset ends a stream for nghttp2, but not the work behind it.
  server.streams[0].release_on_reset = false;
  server.send(reset(1, 8));
  server.output();
  server.peer.send(get(7));
  CHECK(server.output() == "RST_STREAM 7 7\n");
  CHECK(server.streams.size() == 3);
  server.streams[0].release();
  server.send(get(9));
  CHECK(server.streams.size() == 4);
  CHECK_FALSE(server.done);
}

TEST_CASE("floods end the connection") {
  struct Case {
    const char* name;
    std::function<std::string(uint32_t)> piece;  // given 0, 1, 2, …
    uint32_t pieces;                             // at least so many are borne
    Hostile kind = Hostile::kFlood;
    std::string code = "11";
    std::string first = {};
  };
  const auto stream = [](uint32_t i) { return 1 + 2 * i; };
  const std::string open_post = headers(1, post_fields(), false);
  const Case cases[] = {
      {"rapid reset", [&](uint32_t i) { return get(stream(i)) + reset(stream(i), 8); }, 190},
      {"made you reset by a window overflow",
       [&](uint32_t i) {
         return headers(stream(i), post_fields(), false) + window_update(stream(i), 0x7fffffff);
       },
       190},
      {"made you reset by a bad head",
       [&](uint32_t i) {
         return headers(stream(i), {{":method", "GET"}}, true);
       },
       190},
      {"made you reset by an empty window update",
       [&](uint32_t i) {
         return headers(stream(i), post_fields(), false) + window_update(stream(i), 0);
       },
       0, Hostile::kProtocolError, "1"},
      {"PING", [](uint32_t) { return ping(); }, 9900},
      {"SETTINGS",
       [](uint32_t) {
         return settings({{1, 4096}});
       },
       9900},
      {"PRIORITY", [](uint32_t) { return frame(kPriority, kNone, 1, u32(3) + "x"); }, 9900},
      {"WINDOW_UPDATE", [](uint32_t) { return window_update(0, 1); }, 9900},
      {"unknown frames", [](uint32_t) { return frame(0x42, kNone, 0, "x"); }, 9900},
      {"empty DATA", [](uint32_t) { return data(1, "", false); }, 9900, Hostile::kFlood, "11",
       open_post},
      {"padding alone",
       [](uint32_t) { return frame(kData, kPadded, 1, std::string("\x03\0\0\0", 4)); }, 9900,
       Hostile::kFlood, "11", open_post},
  };
  for (const Case& test : cases) {
    INFO(std::string(test.name));
    World world;
    ServerSide server(world);
    server.send(preface() + test.first);
    std::string output;
    uint32_t borne = 0;
    for (; borne < 30000 && !server.done; ++borne) {
      server.send(test.piece(borne));
      if (borne % 100 == 0) output = server.output();
    }
    output += server.output();
    CHECK(server.done);
    CHECK(borne > test.pieces);
    CHECK(borne < test.pieces + 400);
    const std::string last = output.substr(output.rfind("GOAWAY"));
    CHECK(last.ends_with(" " + test.code + "\n"));
    CHECK(world.count(test.kind) >= 1);
    for (ServedStream& served : server.streams) {
      if (served.writer != nullptr) served.release();
    }
  }
}

TEST_CASE("what serves a purpose is no flood") {
  World world;
  ServerSide server(world);
  server.on_each = serve;
  server.send(preface());
  // Four idle frames a request, as gRPC clients send.
  for (uint32_t i = 0; i < 20000; ++i) {
    server.send(get(1 + 2 * i) + ping() + window_update(0, 1) + window_update(0, 1) + ping());
  }
  CHECK_FALSE(server.done);
  CHECK(server.streams.size() == 20000);
}

TEST_CASE("a slow pace of idle frames is borne for good") {
  World world;
  ServerSide server(world);
  server.send(preface());
  for (int i = 0; i < 100; ++i) {
    for (int j = 0; j < 900; ++j) server.send(window_update(0, 1));
    server.output();
    world.pass(seconds(1));
  }
  CHECK_FALSE(server.done);
}

TEST_CASE("acknowledgements that the peer does not take are bounded") {
  World world;
  ServerSide server(world);
  server.send(preface());
  server.peer.accept(0);
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += ping();
  server.send(pings);
  CHECK(world.count(Hostile::kFlood) == 1);
}

TEST_CASE("a CONTINUATION flood ends the connection") {
  World world;
  ServerSide server(world);
  std::string input = preface() + frame(kHeaders, kEndStream, 1, block(head_of(0, "")));
  for (int i = 0; i < 100; ++i) input += frame(kContinuation, kNone, 1, "");
  server.send(input);
  CHECK(server.done);
}

TEST_CASE("frames on streams that the peer has ended") {
  const std::string open = headers(1, post_fields(), false);
  struct Case {
    const char* name;
    std::string input;
    const char* output;  // its last line
  };
  const Case cases[] = {
      {"DATA after RST_STREAM", open + reset(1, 8) + data(1, "x", false), "GOAWAY 1 5\n"},
      {"HEADERS after RST_STREAM", open + reset(1, 8) + headers(1, {{"a", "b"}}, true),
       "GOAWAY 1 5\n"},
      {"DATA after END_STREAM", get(1) + data(1, "x", true), "GOAWAY 1 5\n"},
      {"HEADERS after END_STREAM", get(1) + get(1), "GOAWAY 1 5\n"},
      {"a lower stream id", get(5) + get(3), "GOAWAY 5 1\n"},
      {"PRIORITY of no stream", frame(kPriority, kNone, 0, u32(3) + "x"), "GOAWAY 0 1\n"},
      {"PRIORITY after itself", open + frame(kPriority, kNone, 1, u32(1) + "x"), "GOAWAY 1 1\n"},
      {"an even stream id", get(2), "GOAWAY 0 1\n"},
  };
  for (const Case& test : cases) {
    INFO(std::string(test.name));
    World world;
    ServerSide server(world);
    server.on_each = [](ServedStream&) {};
    server.send(preface() + test.input);
    CHECK(server.output().ends_with(test.output));
    CHECK(server.done);
    CHECK(world.count(Hostile::kProtocolError) == 1);
  }
  // Our own reset may cross what the peer still sends.
  World world;
  ServerSide server(world);
  server.send(preface() + open);
  server.streams[0].release(ResetReason::kTimeout);
  world.turn();
  server.send(data(1, "x", false) + headers(1, {{"a", "b"}}, true));
  CHECK_FALSE(server.done);
}

TEST_CASE("a response that the peer's window keeps back for good is given up") {
  World world;
  ServerSide server(world);
  server.on_each = [](ServedStream& stream) {
    stream.respond(200, false);
    stream.writer->write_data(stream.world.bytes(std::string(100000, 'x')), true);
    stream.release();
  };
  server.send(preface() + get(1));
  server.output();
  for (int i = 0; i < 5; ++i) world.pass(seconds(3));
  server.send(window_update(1, 10));
  server.send(window_update(0, 10));
  CHECK(server.output() == "DATA 1 10\n");
  for (int i = 0; i < 5; ++i) world.pass(seconds(3));
  CHECK(server.codec->active_streams() == 1);
  world.pass(seconds(16));
  CHECK(server.codec->active_streams() == 0);
  CHECK(server.output() == "RST_STREAM 1 8\n");
}

TEST_CASE("new limits reach an open connection") {
  World world;
  ServerSide server(world);
  server.send(preface());
  HttpLimits limits;
  limits.header_count = 10;
  limits.concurrent_streams = 1;
  server.codec->set_limits(limits);
  world.turn();
  server.send(headers(1, head_of(20, "v"), true));
  CHECK(server.logs().starts_with("bad 431"));
}
