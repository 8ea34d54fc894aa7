// The client codec against frames made by hand.
#include <doctest/doctest.h>

#include "tests/http/h2/rig.h"

using namespace woad;
using namespace woad::h2test;

namespace {

std::string response(uint32_t stream, FieldList fields, bool end) {
  return headers(stream, fields, end);
}

FieldList ok(FieldList more = {}) {
  FieldList all = {{":status", "200"}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const std::string kProtocolReset = "reset protocol error: the message breaks HTTP\n";

}  // namespace

TEST_CASE("requests on the wire") {
  struct Case {
    const char* name;
    std::function<void(AskedStream&)> act;
    std::string output;
  };
  const std::string get = ":method: GET|:scheme: http|:authority: a|:path: /";
  const std::string post = ":method: POST|:scheme: http|:authority: a|:path: /";
  const Case cases[] = {
      {"head alone", [](AskedStream& s) { s.ask("GET", "/", true); },
       "HEADERS 1 END " + get + "\n"},
      {"names are lower-cased, hop-by-hop fields left out",
       [](AskedStream& s) {
         s.ask("GET", "/", true,
               {{"X-A", "B"}, {"Connection", "x"}, {"Host", "b"}, {"te", "gzip"}});
       },
       "HEADERS 1 END " + get + "|x-a: B\n"},
      {"gRPC asks for trailers",
       [](AskedStream& s) {
         s.ask("POST", "/", true, {{"content-type", "application/grpc"}});
       },
       "HEADERS 1 END " + post + "|content-type: application/grpc|te: trailers\n"},
      {"ids stay out of the compression table but arrive",
       [](AskedStream& s) {
         s.ask("GET", "/", true, {{"traceparent", "00-1-2-3"}});
       },
       "HEADERS 1 END " + get + "|traceparent: 00-1-2-3\n"},
      {"body and trailers",
       [](AskedStream& s) {
         s.ask("POST", "/", false, {}, 3);
         s.writer->write_data(s.world.bytes("abc"), false);
         s.trailers({{"X-T", "1"}});
       },
       "HEADERS 1 " + post + "|content-length: 3\nDATA 1 3\nHEADERS 1 END x-t: 1\n"},
      {"never written", [](AskedStream& s) { s.release(); }, ""},
      {"given up before the turn's end",
       [](AskedStream& s) {
         s.ask("GET", "/", true);
         s.release();
       },
       ""},
      {"cut",
       [](AskedStream& s) {
         s.ask("POST", "/", false);
         s.world.turn();
         s.release(ResetReason::kConnectionLost);
       },
       "HEADERS 1 " + post + "\nRST_STREAM 1 2\n"},
  };
  for (const Case& test : cases) {
    INFO(std::string(test.name));
    World world;
    ClientSide client(world);
    client.output();
    AskedStream& asked = client.open();
    test.act(asked);
    CHECK(client.output() == test.output);
    if (asked.writer != nullptr) asked.release();
    world.turn();
    CHECK(client.codec->active_streams() == 0);
    CHECK(client.codec->room() == 100);
  }
}

TEST_CASE("a head of many and long fields arrives whole") {
  Pair pair;
  const std::string long_value(30000, 'v');
  FieldList fields;
  for (int i = 0; i < 100; ++i) fields.emplace_back("x-field", "v");
  fields.emplace_back("x-long", long_value);
  AskedStream& asked = pair.client.open();
  asked.ask("GET", "/", true, fields);
  pair.run();
  REQUIRE(pair.server.streams.size() == 1);
  std::string expected = "request GET http a /";
  for (const auto& [name, value] : fields) {
    expected += " " + std::string(name) + "=" + std::string(value);
  }
  CHECK(pair.server.logs() == expected + " END\n");
  asked.release();
  pair.run();
}

TEST_CASE("responses") {
  const std::string too_large =
      "reset protocol error: the headers are larger than limits.headers\n";
  static const std::string big(40000, 'b');
  FieldList many = ok();
  for (int i = 0; i < 250; ++i) many.emplace_back("a", "b");
  struct Case {
    const char* name;
    std::string input;
    std::string log;
    uint64_t hostile = 0;
  };
  std::string interims;
  for (int i = 0; i < 9; ++i) interims += response(1, {{":status", "103"}}, false);
  std::string interim_log;
  for (int i = 0; i < 8; ++i) interim_log += "interim 103\n";
  const Case cases[] = {
      {"head alone", response(1, ok({{"x", "y"}}), true), "response 200 x=y END\n"},
      {"body", response(1, ok({{"content-length", "5"}}), false) + data(1, "hello", true),
       "response 200 length=5\ndata 5 END\n"},
      {"trailers",
       response(1, ok(), false) + data(1, "hello", false) +
           headers(1, {{"grpc-status", "0"}, {"content-length", "5"}}, true),
       "response 200\ndata 5\ntrailers grpc-status=0\n"},
      {"interim and final",
       response(1, {{":status", "100"}}, false) +
           response(1, {{":status", "103"}, {"l", "m"}}, false) + response(1, ok(), true),
       "interim 100\ninterim 103 l=m\nresponse 200 END\n"},
      {"endless interim heads", interims,
       interim_log + "reset protocol error: too many interim responses\n", 1},
      {"101", response(1, {{":status", "101"}}, false), kProtocolReset, 1},
      {"no status", response(1, {{"x", "y"}}, true), kProtocolReset, 1},
      {"bad status", response(1, {{":status", "2x0"}}, true), kProtocolReset, 1},
      {"status 42", response(1, {{":status", "042"}}, true),
       "reset protocol error: status 042 is outside 100-599\n", 1},
      {"status 099", response(1, {{":status", "099"}}, true),
       "reset protocol error: status 099 is outside 100-599\n", 1},
      {"status 999", response(1, {{":status", "999"}}, false),
       "reset protocol error: status 999 is outside 100-599\n", 1},
      {"connection fields", response(1, ok({{"connection", "close"}}), true), kProtocolReset, 1},
      {"CRLF in a value", response(1, ok({{"x", "a\r\nb"}}), true), kProtocolReset, 1},
      {"body of another length",
       response(1, ok({{"content-length", "5"}}), false) + data(1, "hell", true),
       "response 200 length=5\ndata 4\n" + kProtocolReset, 1},
      {"head too large", response(1, ok({{"x", big}, {"x", big}}), true), too_large, 1},
      {"too many fields", response(1, many, true), too_large, 1},
      {"trailers too large", response(1, ok(), false) + headers(1, {{"x", big}, {"x", big}}, true),
       "response 200\n" + too_large, 1},
      {"reset", reset(1, 8), "reset cancelled: the peer reset the stream: CANCEL\n"},
      {"refused", reset(1, 7), "reset refused: the peer reset the stream: REFUSED_STREAM\n"},
      {"complete, then NO_ERROR", response(1, ok(), true) + reset(1, 0), "response 200 END\n"},
      {"complete, then an error all the same", response(1, ok(), true) + reset(1, 2),
       "response 200 END\n"},
      {"GOAWAY below", goaway(0, 0), "reset refused: the stream was reset: REFUSED_STREAM\n"},
      {"push", settings_ack() + frame(kPushPromise, kEndHeaders, 1, u32(2) + block(ok())),
       "reset protocol error: the peer broke the HTTP/2 protocol\n", 1},
      {"push before our SETTINGS came",
       frame(kPushPromise, kEndHeaders, 1, u32(2) + block(post_fields())) + response(1, ok(), true),
       "response 200 END\n"},
      {"a response to no request", response(3, ok(), true),
       "reset protocol error: the peer broke the HTTP/2 protocol\n", 1},
      {"not HTTP/2", "HTTP/1.1 400 Bad Request\r\n\r\n",
       "reset protocol error: the peer broke the HTTP/2 protocol\n", 1},
  };
  for (const Case& test : cases) {
    for (const size_t piece : {SIZE_MAX, size_t{1}}) {
      if (piece == 1 && test.input.size() > 2000) continue;
      INFO(std::string(test.name));
      CAPTURE(piece);
      World world;
      ClientSide client(world);
      AskedStream& asked = client.open();
      asked.ask("POST", "/", false);
      world.turn();
      const bool raw = test.input.starts_with("HTTP/1");
      if (piece == 1) {
        client.peer.send_in_pieces((raw ? "" : settings()) + test.input, 1);
      } else {
        client.send((raw ? "" : settings()) + test.input);
      }
      // A piece of body may come in parts.
      if (piece != 1 || test.log.find("data") == std::string::npos) {
        CHECK(asked.log == test.log);
      } else {
        CHECK(asked.log.ends_with(test.log.substr(test.log.rfind('\n', test.log.size() - 2) + 1)) ==
              !test.log.ends_with("data 5 END\n"));
      }
      CHECK(world.count(Hostile::kUpstreamResponse) == test.hostile);
      if (asked.writer != nullptr) asked.release();
      world.turn();
      CHECK(client.codec->active_streams() == 0);
    }
  }
}

TEST_CASE("an upstream that speaks no HTTP/2 is told apart, and the words say what to do") {
  const std::string http1 =
      "the upstream answers in something else than HTTP/2, in which it was asked: let protocol (of "
      "an app: app_protocol) say http1";
  const std::string silent =
      "the upstream closed the connection without a word of HTTP/2; if it speaks HTTP/1.1, let "
      "protocol (of an app: app_protocol) say http1";
  const struct {
    const char* name;
    std::function<void(MemoryPeer&)> act;
    std::string log;
  } cases[] = {
      {"an answer", [](MemoryPeer& peer) { peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"); },
       "reset protocol error: " + http1 + "\n"},
      {"an answer, and the end",
       [](MemoryPeer& peer) {
         peer.send("HTTP/1.0 505 No\r\n\r\n");
         peer.send_eof();
       },
       "reset protocol error: " + http1 + "\n"},
      {"an answer, and a reset",
       [](MemoryPeer& peer) {
         peer.send("<html>");
         peer.lose();
       },
       "reset protocol error: " + http1 + "\n"},
      {"nothing", [](MemoryPeer& peer) { peer.send_eof(); },
       "reset connection lost: " + silent + "\n"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.name);
    World world;
    ClientSide client(world);
    AskedStream& asked = client.open();
    asked.ask("GET", "/", true);
    (void)client.output();
    each.act(client.peer);
    (void)client.output();
    CHECK(asked.log == each.log);
  }
}

TEST_CASE("a response field that is too long for HTTP/2") {
  const std::string why = "a header field on this connection is longer than 65,536 bytes";
  const std::string value(70000, 'v');
  World world;
  ClientSide client(world);
  AskedStream& beside = client.open();
  beside.ask("GET", "/1", true);
  AskedStream& asked = client.open();
  asked.ask("GET", "/2", true);
  client.send(settings());
  client.peer.send_in_pieces(long_headers(3, ok({{"x", value}}), true), 30000);
  CHECK(client.output().ends_with("GOAWAY 0 9\n"));
  CHECK(client.reader.goaway_text == why);
  CHECK(asked.log == "reset protocol error: " + why + "\n");
  CHECK(beside.log == "reset connection lost: " + why + "\n");
  CHECK(client.done);
  CHECK(world.count(Hostile::kUpstreamResponse) == 1);
  CHECK(world.faults.text == "upstream_response: " + why + "\n");
}

TEST_CASE("room") {
  World world;
  ClientSide client(world);
  CHECK(client.codec->room() == 100);  // before SETTINGS
  client.send(settings({{3, 2}}));
  CHECK(client.codec->room() == 2);
  CHECK(client.room_changes == 1);
  client.open().ask("GET", "/", true);
  client.open().ask("GET", "/", true);
  world.turn();
  CHECK(client.codec->room() == 0);
  CHECK(client.room_changes == 1);
  client.send(headers(1, ok(), true));
  client.streams[0].release();
  world.turn();
  CHECK(client.codec->room() == 1);
  CHECK(client.room_changes == 2);
  client.send(settings({{3, 1000}}));
  CHECK(client.codec->room() == 255);  // our own cap
  client.send(goaway(3, 0));
  CHECK(client.codec->room() == 0);
  CHECK_FALSE(client.done);
  client.send(headers(3, ok(), true));
  client.streams[1].release();
  world.turn();
  CHECK(client.done);
}

TEST_CASE("a request that meets a closing connection is refused, not lost") {
  World world;
  ClientSide client(world);
  world.turn();
  AskedStream& opened = client.open();
  AskedStream& asked = client.open();
  asked.ask("GET", "/", true);
  SUBCASE("GOAWAY") { client.peer.send(settings() + goaway(0, 0)); }
  SUBCASE("closed") { client.peer.send_eof(); }
  world.turn();
  CHECK(asked.log.starts_with("reset refused"));
  if (opened.writer != nullptr) {
    opened.ask("GET", "/", true);
    world.turn();
  }
  CHECK(opened.log.starts_with("reset refused"));
  world.turn();
  CHECK(client.done);
}

TEST_CASE("a silent upstream is pinged, then given up") {
  World world;
  ClientSide client(world);
  client.send(settings());
  client.output();
  world.pass(minutes(10));
  CHECK(client.output().empty());  // nobody waits
  AskedStream& asked = client.open();
  asked.ask("GET", "/", true);
  client.output();
  world.pass(seconds(10) + milliseconds(2));
  CHECK(client.output() == "PING\n");
  SUBCASE("it answers") {
    for (int i = 0; i < 5; ++i) {
      client.send(frame(kPing, kAck, 0, std::string(8, '\0')));
      world.pass(seconds(4));
      world.pass(seconds(10));
    }
    CHECK_FALSE(client.done);
    client.send(headers(1, ok(), true));
    asked.release();
  }
  SUBCASE("it does not") {
    world.pass(seconds(3) + milliseconds(2));
    CHECK(asked.log == "reset connection lost: the upstream stopped answering\n");
    CHECK(client.done);
  }
}
