#include "proxy/http/h1/serializer.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;
using namespace woad::h1;

namespace {

struct Place {
  BlockPool blocks;
  ArenaPool arenas;
  Arena arena{arenas};
  Buffer out;
};

}  // namespace

TEST_CASE("request heads") {
  Place place;
  RequestHead head(place.arena);
  head.method_name = "PUT";
  head.path = "/x?y";
  head.authority = "h:1";
  head.headers.add("X-Case", "Kept");
  head.headers.add("empty", "");
  HeadExtras extras;
  extras.content_length = 18446744073709551615U;
  extras.te_trailers = true;
  extras.expect_continue = true;
  extras.connection = "te";
  write_request_head(place.out, place.blocks, head, extras);
  CHECK(place.out.to_string() ==
        "PUT /x?y HTTP/1.1\r\nhost: h:1\r\nX-Case: Kept\r\nempty: \r\n"
        "content-length: 18446744073709551615\r\nte: trailers\r\nexpect: 100-continue\r\n"
        "connection: te\r\n\r\n");
}

TEST_CASE("a head and a small body share one piece") {
  Place place;
  ResponseHead head(place.arena);
  HeadExtras extras;
  extras.content_length = 200;
  write_response_head(place.out, place.blocks, head, extras);
  Buffer body;
  body.append(place.blocks, std::string(200, 'x'));
  write_content(place.out, place.blocks, std::move(body));
  iovec pieces[4];
  CHECK(place.out.to_iovec(pieces, 4) == 1);
}

TEST_CASE("heads larger than any block") {
  Place place;
  const std::string large(300000, 'v');
  RequestHead head(place.arena);
  head.method_name = "GET";
  head.path = "/";
  head.headers.add("A", large);
  write_request_head(place.out, place.blocks, head, {});
  CHECK(place.out.to_string() == "GET / HTTP/1.1\r\nhost: \r\nA: " + large + "\r\n\r\n");
}

TEST_CASE("chunks") {
  const struct {
    size_t size;
    const char* line;
  } kCases[] = {{1, "1"},     {9, "9"},     {15, "f"},       {16, "10"},
                {512, "200"}, {513, "201"}, {65535, "ffff"}, {65536, "10000"}};
  for (const auto& test : kCases) {
    Place place;
    const std::string content(test.size, 'x');
    Buffer data;
    data.append(place.blocks, content);
    write_chunk(place.out, place.blocks, std::move(data));
    CHECK(place.out.to_string() == std::string(test.line) + "\r\n" + content + "\r\n");
  }
  Place place;
  write_chunk(place.out, place.blocks, Buffer());
  CHECK(place.out.empty());
}
