// A client codec against a server codec.
#include <doctest/doctest.h>

#include "tests/http/h2/rig.h"

using namespace woad;
using namespace woad::h2test;

TEST_CASE("a request and its response, with every part") {
  Pair pair;
  pair.server.on_each = [](ServedStream& stream) {
    stream.interim(103);
    stream.respond(200, false, {{"Content-Type", "text/plain"}}, 5);
    stream.writer->write_data(stream.world.bytes("hel"), false);
    stream.writer->write_data(stream.world.bytes("lo"), false);
    stream.trailers({{"X-Sum", "5"}});
  };
  AskedStream& asked = pair.client.open();
  CHECK_FALSE(asked.writer->anything_sent());
  asked.ask("POST", "/x?y=1", false, {{"X-Name", "v"}, {"cookie", "a=1"}}, 4);
  CHECK_FALSE(asked.writer->anything_sent());
  asked.writer->write_data(pair.world.bytes("body"), false);
  asked.trailers({{"x-t", "1"}, {"host", "evil"}});
  pair.run();
  CHECK(asked.writer->anything_sent());
  CHECK(pair.server.logs() ==
        "request POST http a /x?y=1 length=4 x-name=v cookie=a=1\ndata 4\ntrailers x-t=1\n");
  CHECK(pair.server.streams[0].body == "body");
  CHECK(asked.log ==
        "interim 103\nresponse 200 length=5 content-type=text/plain\ndata 5\ntrailers x-sum=5\n");
  pair.server.streams[0].release();
  asked.release();
  pair.run();
  CHECK(pair.client.codec->active_streams() == 0);
  CHECK(pair.server.codec->active_streams() == 0);
  CHECK_FALSE(pair.client.done);
  CHECK_FALSE(pair.server.done);
}

TEST_CASE("an end that crossed a request says that it never got there") {
  for (const bool crossed : {false, true}) {
    CAPTURE(crossed);
    Pair pair;
    AskedStream& asked = pair.client.open();
    asked.release_on_reset = false;
    asked.ask("POST", "/", true);
    pair.run();
    pair.client.peer.ended_before = crossed;
    pair.client.peer.send_eof();
    pair.run();
    CHECK(asked.log.starts_with(crossed ? "reset refused" : "reset connection lost"));
    CHECK(asked.writer->anything_sent() != crossed);
    asked.release();
    pair.run();
  }
}

TEST_CASE("anything_heard turns true with an interim response, and is each stream's own") {
  Pair pair;
  pair.server.on_each = [](ServedStream& stream) { stream.interim(103); };
  AskedStream& asked = pair.client.open();
  asked.ask("GET", "/", true);
  CHECK_FALSE(asked.writer->anything_heard());
  pair.run();
  CHECK(asked.log == "interim 103\n");
  CHECK(asked.writer->anything_heard());
  pair.server.streams[0].respond(200, true);
  pair.run();
  pair.server.streams[0].release();
  asked.release();
  pair.run();
  AskedStream& next = pair.client.open();  // in the same place
  CHECK_FALSE(next.writer->anything_heard());
  next.release();
  pair.run();
}

TEST_CASE("one flush carries a turn's frames") {
  Pair pair;
  pair.run();
  const int before = pair.client.peer.flushes();
  for (int i = 0; i < 10; ++i) {
    AskedStream& asked = pair.client.open();
    asked.ask("POST", "/", false);
    asked.writer->write_data(pair.world.bytes("x"), true);
  }
  pair.world.turn();
  CHECK(pair.client.peer.flushes() == before + 1);
  pair.run();
  CHECK(pair.server.streams.size() == 10);
  for (ServedStream& stream : pair.server.streams) stream.release(ResetReason::kCancel);
  for (AskedStream& stream : pair.client.streams) stream.release_on_reset = true;
  pair.run();
  for (AskedStream& stream : pair.client.streams) CHECK(stream.log.starts_with("reset cancelled"));
  CHECK(pair.client.codec->active_streams() == 0);
}

TEST_CASE("a slow server holds a client back, and lets it go on") {
  HttpLimits limits;
  limits.buffer = 65535;
  Pair pair(limits);
  pair.server.on_each = [](ServedStream& stream) { stream.writer->hold_reading(true); };
  AskedStream& asked = pair.client.open();
  asked.ask("POST", "/", false);
  const std::string piece(50000, 'x');
  for (int i = 0; i < 4; ++i) asked.writer->write_data(pair.world.bytes(piece), i == 3);
  CHECK_FALSE(asked.writer->writable());
  pair.run();
  ServedStream& served = pair.server.streams[0];
  CHECK(served.body.size() == limits.buffer);
  CHECK_FALSE(asked.writer->writable());
  CHECK(asked.log.empty());
  served.writer->hold_reading(false);
  pair.run();
  CHECK(served.body.size() == 200000);
  CHECK(served.log.ends_with("END\n"));
  CHECK(asked.writer->writable());
  CHECK(asked.log == "writable\n");
  served.respond(204, true);
  served.release();
  pair.run();
  CHECK(asked.log == "writable\nresponse 204 END\n");
  asked.release();
}

TEST_CASE("a slow client holds a server back, and lets it go on") {
  Pair pair;
  std::string sent(300000, 'y');
  pair.server.on_each = [&](ServedStream& stream) {
    stream.respond(200, false);
    stream.writer->write_data(stream.world.bytes(sent), true);
  };
  AskedStream& slow = pair.client.open();
  slow.ask("GET", "/", true);
  slow.writer->hold_reading(true);
  pair.run();
  CHECK(slow.body.size() == HttpLimits{}.buffer);
  // Others go on meanwhile.
  AskedStream& other = pair.client.open();
  other.ask("GET", "/", true);
  pair.run();
  CHECK(other.body.size() == sent.size());
  slow.writer->hold_reading(false);
  pair.run();
  CHECK(slow.body == sent);
  CHECK(pair.server.streams[0].log.ends_with("writable\n"));
  for (ServedStream& stream : pair.server.streams) stream.release();
  for (AskedStream& stream : pair.client.streams) stream.release();
  pair.run();
  CHECK(pair.client.codec->active_streams() == 0);
}

TEST_CASE("a peer that does not read stops the serialising, then ends the connection") {
  Pair pair;
  const std::string sent(60000, 'y');
  pair.server.on_each = [&](ServedStream& stream) {
    stream.respond(200, false);
    stream.writer->write_data(stream.world.bytes(sent), true);
    stream.release();
  };
  pair.run();
  pair.server.peer.accept(0);
  for (int i = 0; i < 50; ++i) pair.client.open().ask("GET", "/", true);
  SUBCASE("it reads again") {
    pair.run();
    CHECK(pair.server.transport->backlog() < 400 * 1024);
    CHECK(pair.server.transport->backlog() > 256 * 1024);
    pair.server.peer.accept(SIZE_MAX);
    pair.run();
    for (AskedStream& stream : pair.client.streams) CHECK(stream.body.size() == sent.size());
  }
  SUBCASE("it never does") {
    pair.run();
    pair.world.pass(seconds(31));
    CHECK(pair.server.done);
    CHECK(pair.server.codec->active_streams() == 0);
  }
  for (AskedStream& stream : pair.client.streams) stream.release();
}

TEST_CASE("releases and resets") {
  struct Case {
    const char* name;
    std::function<void(Pair&)> act;
    std::string client_log;
    std::string server_log;
  };
  const std::string request = "request POST http a /\n";
  const Case cases[] = {
      {"client cancels", [](Pair& pair) { pair.client.streams[0].release(ResetReason::kCancel); },
       "", request + "reset cancelled: the peer reset the stream: CANCEL\n"},
      {"server refuses", [](Pair& pair) { pair.server.streams[0].release(ResetReason::kRefused); },
       "reset refused: the peer reset the stream: REFUSED_STREAM\n", request},
      {"server fails", [](Pair& pair) { pair.server.streams[0].release(ResetReason::kInternal); },
       "reset cancelled: the peer reset the stream: INTERNAL_ERROR\n", request},
      {"server cut after the head",
       [](Pair& pair) {
         pair.server.streams[0].respond(200, false);
         pair.server.streams[0].writer->write_data(pair.world.bytes("abc"), false);
         pair.run();
         pair.server.streams[0].release(ResetReason::kConnectionLost);
       },
       "response 200\ndata 3\nreset cancelled: the peer reset the stream: INTERNAL_ERROR\n",
       request},
      {"server answers before the request ends",
       [](Pair& pair) {
         pair.server.streams[0].respond(413, false);
         pair.server.streams[0].writer->write_data(pair.world.bytes("no"), true);
         pair.server.streams[0].release(ResetReason::kCancel);
       },
       "response 413\ndata 2 END\n", request},
      {"the connection is lost for the client",
       [](Pair& pair) { pair.client.peer.lose("connection reset by peer"); },
       "reset connection lost: connection reset by peer\n", request},
      {"the server closes", [](Pair& pair) { pair.client.peer.send_eof(); },
       "reset connection lost: the upstream closed the connection\n", request},
      {"the client closes", [](Pair& pair) { pair.server.peer.send_eof(); }, "",
       request + "reset connection lost: the client closed the connection\n"},
  };
  for (const Case& test : cases) {
    INFO(std::string(test.name));
    Pair pair;
    AskedStream& asked = pair.client.open();
    asked.ask("POST", "/", false);
    pair.run();
    test.act(pair);
    pair.run();
    CHECK(asked.log == test.client_log);
    CHECK(pair.server.logs() == test.server_log);
    if (asked.writer != nullptr) asked.release();
    if (pair.server.streams[0].writer != nullptr) pair.server.streams[0].release();
    pair.run();
    CHECK(pair.client.codec->active_streams() == 0);
    CHECK(pair.server.codec->active_streams() == 0);
  }
}

TEST_CASE("a drain of the server loses no request") {
  Pair pair;
  AskedStream& first = pair.client.open();
  first.ask("GET", "/1", true);
  pair.run();
  pair.server.codec->begin_drain();
  AskedStream& second = pair.client.open();  // crosses the notice
  second.ask("GET", "/2", true);
  pair.run();
  CHECK(pair.client.codec->room() == 0);
  CHECK(pair.server.streams.size() == 2);
  CHECK_FALSE(pair.server.done);
  for (ServedStream& stream : pair.server.streams) {
    stream.respond(200, true);
    stream.release();
  }
  pair.run();
  CHECK(first.log == "response 200 END\n");
  CHECK(second.log == "response 200 END\n");
  first.release();
  second.release();
  pair.run();
  CHECK(pair.server.done);
  CHECK(pair.client.done);
}

TEST_CASE("a drain of the client ends with its last stream") {
  Pair pair;
  AskedStream& asked = pair.client.open();
  asked.ask("GET", "/", true);
  pair.run();
  pair.client.codec->begin_drain();
  pair.run();
  CHECK(pair.client.codec->room() == 0);
  CHECK_FALSE(pair.client.done);
  pair.server.streams[0].respond(200, true);
  pair.server.streams[0].release();
  pair.run();
  asked.release();
  pair.run();
  CHECK(pair.client.done);
  CHECK(pair.server.done);
}
