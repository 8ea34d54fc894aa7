#include "proxy/observe/otlp_json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "proxy/base/random.h"

namespace woad {
namespace {

using nlohmann::json;

const ResourceAttributes kResource = {{"service.name", "cart"}, {"service.instance.id", "cart-1"}};

Span server_span() {
  Span span;
  span.trace = {0x4bf92f3577b34da6, 0xa3ce929d0e0e4736};
  span.id = {0x00f067aa0ba902b7};
  span.parent = {1};
  span.kind = SpanKind::kServer;
  span.start_ns = 1'795'178'096'007'000'001;
  span.end_ns = 1'795'178'096'107'000'002;
  span.set_name("GET");
  span.add(SpanKey::kMethod, "GET");
  span.add(SpanKey::kStatusCode, 200);
  return span;
}

const json& only_span(const json& body) {
  const json& scopes = body["resourceSpans"][0]["scopeSpans"];
  REQUIRE(scopes.size() == 1);
  return scopes[0]["spans"][0];
}

TEST_CASE("otlp: a whole body") {
  OtlpBody body(kResource, "0.1.0");
  body.add(server_span());
  CHECK(body.spans() == 1);
  CHECK(body.take() ==
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":["
        "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"cart\"}},"
        "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"cart-1\"}}]},"
        "\"scopeSpans\":[{\"scope\":{\"name\":\"woad\",\"version\":\"0.1.0\"},\"spans\":["
        "{\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"spanId\":\"00f067aa0ba902b7\","
        "\"parentSpanId\":\"0000000000000001\",\"name\":\"GET\",\"kind\":2,"
        "\"startTimeUnixNano\":\"1795178096007000001\",\"endTimeUnixNano\":\"1795178096107000002\","
        "\"attributes\":[{\"key\":\"http.request.method\",\"value\":{\"stringValue\":\"GET\"}},"
        "{\"key\":\"http.response.status_code\",\"value\":{\"intValue\":\"200\"}}]}]}]}]}");
  CHECK(body.spans() == 0);
}

TEST_CASE("otlp: a root, an error, what was left out") {
  Span span = server_span();
  span.parent = {};
  span.kind = SpanKind::kClient;
  span.status = SpanStatus::kError;
  span.set_message("10.0.0.1:80: \"refused\"");
  for (size_t i = 0; i < Span::kMaxAttributes; ++i) span.add(SpanKey::kAttempt, i);
  OtlpBody body({}, "1");
  body.add(span);
  const json parsed = json::parse(body.take());
  CHECK(parsed["resourceSpans"][0]["resource"]["attributes"].empty());
  const json& read = only_span(parsed);
  CHECK_FALSE(read.contains("parentSpanId"));
  CHECK(read["kind"] == 3);
  CHECK(read["status"] == json{{"code", 2}, {"message", "10.0.0.1:80: \"refused\""}});
  CHECK(read["droppedAttributesCount"] == 2);
  CHECK(read["attributes"].size() == Span::kMaxAttributes);
}

TEST_CASE("otlp: several spans, and one body after the other") {
  OtlpBody body(kResource, "0.1.0");
  for (int round = 1; round < 4; ++round) {
    for (int i = 0; i < round; ++i) body.add(server_span());
    const json parsed = json::parse(body.take());
    CHECK(parsed["resourceSpans"].size() == 1);
    CHECK(parsed["resourceSpans"][0]["scopeSpans"][0]["spans"].size() ==
          static_cast<size_t>(round));
  }
}

TEST_CASE("otlp: any bytes make valid JSON, and UTF-8 comes back") {
  Random random(4);
  for (int round = 0; round < 500; ++round) {
    std::string bytes(random.below(400), '\0');
    for (char& c : bytes) c = static_cast<char>(random.below(256));
    Span span;
    span.set_name(bytes);
    span.set_message(bytes);
    span.status = SpanStatus::kError;
    span.add(SpanKey::kPath, bytes);
    OtlpBody body({{bytes, bytes}}, bytes);
    body.add(span);
    REQUIRE(json::accept(body.take()));
  }
  Span span;
  span.set_name("gr\xc3\xbc\xc3\x9f \"\\\n");
  OtlpBody body({}, "1");
  body.add(span);
  CHECK(only_span(json::parse(body.take()))["name"] == "gr\xc3\xbc\xc3\x9f \"\\\n");
}

}  // namespace
}  // namespace woad
