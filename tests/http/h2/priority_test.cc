// The Priority field of requests.
#include <doctest/doctest.h>

#include "proxy/http/h2/priority.h"
#include "tests/http/h2/rig.h"

using namespace woad;
using namespace woad::h2test;

TEST_CASE("the words of a priority") {
  const struct {
    std::string_view value;
    const char* read;  // urgency and "i", or "none"
  } rows[] = {
      {"", "3"},
      {"u=0", "0"},
      {"u=7, i", "7i"},
      {"i", "3i"},
      {"i=?1", "3i"},
      {"i=?0", "3"},
      {"i, i=?0", "3"},
      {"u=1;x=2 , i;y", "1i"},
      {"u=1, u=2", "2"},
      {"x=9, u=1", "1"},
      {"u=8", "none"},
      {"u=-1", "none"},
      {"u", "none"},
      {"u=1.0", "none"},
      {"u=", "none"},
      {"i=1", "none"},
      {"u=1, i=yes", "none"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.value));
    Priority wish;
    const bool right = read_priority(row.value, wish);
    const std::string read = std::to_string(wish.urgency) + (wish.incremental ? "i" : "");
    CHECK((right ? read : "none") == row.read);
    if (!right) CHECK(read == "3");
  }
}

TEST_CASE("a second Priority field adds to the first") {
  Priority wish;
  CHECK(read_priority("u=1", wish));
  CHECK(read_priority("i", wish));
  CHECK(wish.urgency == 1);
  CHECK(wish.incremental);
}

TEST_CASE("the more urgent answer goes first") {
  World world;
  ServerSide server(world);
  const auto ask = [](uint32_t stream, std::string_view priority) {
    FieldList fields = {
        {":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
    if (!priority.empty()) fields.emplace_back("priority", priority);
    return headers(stream, fields, true);
  };
  server.send(preface() + ask(1, "") + ask(3, "u=7") + ask(5, "u=0"));
  server.output();
  for (ServedStream& stream : server.streams) {
    stream.respond(200, false);
    stream.writer->write_data(world.bytes("x"), true);
  }
  const std::string written = server.output();
  CHECK(written.find("DATA 5 ") < written.find("DATA 1 "));
  CHECK(written.find("DATA 1 ") < written.find("DATA 3 "));
}
