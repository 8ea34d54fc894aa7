#include "proxy/http/h1/framing.h"

#include <doctest/doctest.h>

using namespace woad::h1;
using Kind = BodyLength::Kind;

namespace {

FramingFields fields(const char* length, const char* encoding) {
  FramingFields result;
  if (length != nullptr) result.content_length = length, result.content_lengths = 1;
  if (encoding != nullptr) result.transfer_encoding = encoding, result.transfer_encodings = 1;
  return result;
}

}  // namespace

TEST_CASE("length of a request's body") {
  const struct {
    const char* length;
    const char* encoding;
    uint8_t minor;
    Kind kind;
    uint64_t value;
    int status;
  } kCases[] = {
      {nullptr, nullptr, 1, Kind::kNone, 0, 0},
      {"0", nullptr, 1, Kind::kNone, 0, 0},
      {"12", nullptr, 0, Kind::kFixed, 12, 0},
      {"0012", nullptr, 1, Kind::kFixed, 12, 0},
      {"9223372036854775807", nullptr, 1, Kind::kFixed, INT64_MAX, 0},
      {"9223372036854775808", nullptr, 1, Kind::kBad, 0, 400},
      {"", nullptr, 1, Kind::kBad, 0, 400},
      {"1 ", nullptr, 1, Kind::kBad, 0, 400},
      {"1,1", nullptr, 1, Kind::kBad, 0, 400},
      {"-1", nullptr, 1, Kind::kBad, 0, 400},
      {nullptr, "chunked", 1, Kind::kChunked, 0, 0},
      {nullptr, "ChUnKeD", 1, Kind::kChunked, 0, 0},
      {nullptr, "chunked", 0, Kind::kBad, 0, 400},
      {nullptr, "", 1, Kind::kBad, 0, 400},
      {nullptr, "gzip, chunked", 1, Kind::kBad, 0, 501},
      {"1", "chunked", 1, Kind::kBad, 0, 400},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.length);
    CAPTURE(test.encoding);
    const BodyLength body = request_body(fields(test.length, test.encoding), test.minor);
    CHECK(body.kind == test.kind);
    CHECK(body.length == test.value);
    CHECK(body.status == test.status);
    CHECK(body.why.empty() == (test.kind != Kind::kBad));
  }
  FramingFields twice = fields("1", nullptr);
  twice.content_lengths = 2;
  CHECK(request_body(twice, 1).kind == Kind::kBad);
}

TEST_CASE("length of a response's body") {
  const struct {
    const char* length;
    const char* encoding;
    int status;
    bool to_head;
    Kind kind;
  } kCases[] = {
      {nullptr, nullptr, 200, false, Kind::kUntilEof},
      {"5", nullptr, 200, false, Kind::kFixed},
      {"0", nullptr, 200, false, Kind::kNone},
      {nullptr, "chunked", 200, false, Kind::kChunked},
      {nullptr, nullptr, 200, true, Kind::kNone},
      {"5", nullptr, 200, true, Kind::kNone},
      {nullptr, "chunked", 200, true, Kind::kNone},
      {nullptr, nullptr, 304, false, Kind::kNone},
      {"5", nullptr, 304, false, Kind::kNone},
      {nullptr, nullptr, 204, false, Kind::kNone},
      {"0", nullptr, 204, false, Kind::kNone},
      {"5", nullptr, 204, false, Kind::kNone},
      {nullptr, "chunked", 204, false, Kind::kNone},
      {"5", "chunked", 204, false, Kind::kNone},
      {nullptr, nullptr, 100, false, Kind::kNone},
      {"0", nullptr, 100, false, Kind::kNone},
      {"5", "chunked", 200, false, Kind::kBad},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.length);
    CAPTURE(test.encoding);
    CAPTURE(test.status);
    const BodyLength body =
        response_body(fields(test.length, test.encoding), 1, test.status, test.to_head);
    CHECK(body.kind == test.kind);
  }
}
