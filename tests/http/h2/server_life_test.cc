// How a server connection begins and ends.
#include <doctest/doctest.h>

#include "proxy/http/detect.h"
#include "tests/http/h2/rig.h"

using namespace woad;
using namespace woad::h2test;

TEST_CASE("the preface") {
  World world;
  ServerSide server(world);
  SUBCASE("is not one") { server.send("INVALID CONNECTION PREFACE\r\n\r\n"); }
  SUBCASE("is followed by something else") { server.send(std::string(kHttp2Preface) + ping()); }
  world.turn();
  CHECK(server.output().ends_with("GOAWAY 0 1\n"));
  CHECK(server.done);
  CHECK(world.count(Hostile::kProtocolError) == 1);
}

TEST_CASE("timeouts by the clock") {
  HttpLimits limits;
  limits.header_timeout = seconds(10);
  limits.idle_timeout = minutes(5);
  World world;
  ServerSide server(world, limits);
  SUBCASE("no preface") {
    world.pass(seconds(11));
    CHECK(server.done);
    CHECK(world.count(Hostile::kHeaderTimeout) == 0);
  }
  SUBCASE("half a preface") {
    server.send("PRI * HTTP/2");
    world.pass(seconds(11));
    CHECK(server.done);
    CHECK(world.count(Hostile::kHeaderTimeout) == 1);
  }
  SUBCASE("headers without an end, trickled") {
    server.send(preface());
    const std::string part = block(post_fields());
    server.send(frame(kHeaders, kEndStream, 1, part));
    for (int i = 0; i < 4; ++i) {
      world.pass(seconds(3));
      if (!server.done) server.send(frame(kContinuation, kNone, 1, block({{"a", "b"}})));
    }
    CHECK(server.done);
    CHECK(server.logs().starts_with("reset"));
    CHECK(world.count(Hostile::kHeaderTimeout) == 1);
  }
  SUBCASE("part of a frame header") {
    server.send(preface() + get(1).substr(0, 4));
    world.pass(seconds(11));
    CHECK(server.done);
  }
  SUBCASE("a slow body is not its business") {
    server.send(preface() + headers(1, post_fields(), false) +
                data(1, "abcdef", false).substr(0, 11));
    world.pass(minutes(20));
    CHECK_FALSE(server.done);
    CHECK(server.logs() == "request POST http a /\ndata 2\n");
    server.streams[0].release();
    world.turn();
    world.pass(minutes(6));
    CHECK(server.done);
  }
  SUBCASE("idle") {
    server.send(preface() + get(1));
    server.streams[0].respond(200, true);
    server.streams[0].release();
    world.turn();
    world.pass(minutes(4));
    server.send(get(3));
    server.streams[1].respond(200, true);
    server.streams[1].release();
    world.turn();
    world.pass(minutes(4));
    CHECK_FALSE(server.done);
    world.pass(minutes(2));
    CHECK(server.done);
    CHECK(server.output().ends_with("GOAWAY 3 0\n"));
  }
}

TEST_CASE("draining") {
  World world;
  ServerSide server(world);
  server.send(preface() + get(1));
  server.output();
  server.codec->begin_drain();
  CHECK(server.output() == "PING\nGOAWAY 2147483647 0\n");
  server.send(get(3));
  CHECK(server.streams.size() == 2);
  SUBCASE("named when the PING is answered") {
    server.send(frame(kPing, kAck, 0, std::string(8, '\0')));
    CHECK(server.output() == "GOAWAY 3 0\n");
  }
  SUBCASE("named after a second") {
    world.pass(milliseconds(999));
    CHECK(server.output().empty());
    world.pass(milliseconds(3));
    CHECK(server.output() == "GOAWAY 3 0\n");
  }
  server.send(get(5));
  CHECK(server.streams.size() == 2);
  CHECK_FALSE(server.done);
  for (ServedStream& stream : server.streams) {
    stream.respond(200, true);
    stream.release();
  }
  world.turn();
  CHECK(server.done);
}
