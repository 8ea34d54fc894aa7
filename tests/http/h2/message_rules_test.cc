// One row for each thing that RFC 9113 section 8 asks of a message, on either side.
#include <doctest/doctest.h>

#include "proxy/http/h2/message_rules.h"
#include "tests/http/h2/message_script.h"

using namespace woad;
using namespace woad::h2test;

namespace {

constexpr std::string_view kGood = "good";

H2Field field_of(const Field& field) {
  return {field.first, field.second, header_id(field.first), pseudo_of(field.first), false, false};
}

// Where the rules stop it: "field NAME", "head", "trailers", "body", "end"; or kGood, with the
// fields that were dropped: "good but for NAME".
std::string judged(MessageRules rules, const Message& message) {
  std::string good(kGood);
  for (const Part& part : message) {
    if (part.is_body) {
      if (part.bytes > 0 && !rules.take_data(part.bytes)) return "body";
      if (part.end && !rules.may_end()) return "end";
      continue;
    }
    for (const Field& field : part.fields) {
      const std::string name(field.first);
      const MessageRules::Verdict verdict = rules.take_field(field_of(field));
      if (verdict == MessageRules::Verdict::kMalformed) return "field " + name;
      if (verdict == MessageRules::Verdict::kDrop) good += " but for " + name;
    }
    if (!rules.end_section(part.end)) return &part == &message.front() ? "head" : "trailers";
  }
  return good;
}

MessageRules request() { return {}; }

MessageRules response_to(Method asked) {
  MessageRules rules;
  rules.expect_response(asked);
  return rules;
}

FieldList get(const FieldList& more = {}) {
  return joined({{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}},
                more);
}

FieldList of_status(std::string_view status, const FieldList& more = {}) {
  return joined({{":status", status}}, more);
}

struct Row {
  const char* rule;
  Message message;
  std::string_view verdict;
};

struct ResponseRow {
  const char* rule;
  Method asked;
  Message message;
  std::string_view verdict;
};

}  // namespace

TEST_CASE("the head of a request") {
  const auto head = [](FieldList fields) { return Message{section(std::move(fields), true)}; };
  const Row rows[] = {
      {"all pseudo fields", head(get()), kGood},
      {"in any order",
       head({{":path", "/"}, {":authority", "a"}, {":method", "GET"}, {":scheme", "http"}}), kGood},
      {"host in place of the authority",
       head({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "a"}}), kGood},
      {"none of both", head({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}), "head"},
      {"no method", head({{":scheme", "http"}, {":authority", "a"}, {":path", "/"}}), "head"},
      {"no scheme", head({{":method", "GET"}, {":authority", "a"}, {":path", "/"}}), "head"},
      {"no path", head({{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}}), "head"},
      {"no field at all", head({}), "head"},
      {"two methods", head(get({{":method", "GET"}})), "field :method"},
      {"two schemes", head(get({{":scheme", "http"}})), "field :scheme"},
      {"two authorities", head(get({{":authority", "a"}})), "field :authority"},
      {"two paths", head(get({{":path", "/"}})), "field :path"},
      {"two hosts", head(get({{"host", "a"}, {"host", "a"}})), "field host"},
      {"an empty pseudo field", head({{":path", ""}}), "field :path"},
      {"an empty host", head(get({{"host", ""}})), "field host"},
      {"a pseudo field of responses", head({{":status", "200"}}), "field :status"},
      {"an unknown pseudo field", head({{":x", "1"}}), "field :x"},
      {"extended CONNECT, which is not offered", head({{":protocol", "websocket"}}),
       "field :protocol"},
      {"a pseudo field behind another", head({{"x", "1"}, {":method", "GET"}}), "field :method"},
      {"a method that is no token", head({{":method", "G T"}}), "field :method"},
      {"a scheme that does not begin with a letter", head({{":scheme", "1x"}}), "field :scheme"},
      {"a scheme with a slash", head({{":scheme", "x/"}}), "field :scheme"},
      {"an authority with a slash", head({{":authority", "a/b"}}), "field :authority"},
      {"a host with a space", head(get({{"host", "a b"}})), "field host"},
      {"a path with a space", head({{":path", "/ x"}}), "field :path"},
      {"a path without a slash",
       head({{":method", "GET"}, {":scheme", "HTTPS"}, {":authority", "a"}, {":path", "x"}}),
       "head"},
      {"of another scheme it may be anything",
       head({{":method", "GET"}, {":scheme", "urn"}, {":authority", "a"}, {":path", "x"}}), kGood},
      {"* with OPTIONS",
       head({{":path", "*"}, {":method", "OPTIONS"}, {":scheme", "http"}, {":authority", "a"}}),
       kGood},
      {"* with GET",
       head({{":path", "*"}, {":method", "GET"}, {":scheme", "http"}, {":authority", "a"}}),
       "head"},
      {"CONNECT", head({{":method", "CONNECT"}, {":authority", "a:1"}}), kGood},
      {"CONNECT with a host alone", head({{":method", "CONNECT"}, {"host", "a:1"}}), "head"},
      {"CONNECT with a scheme",
       head({{":method", "CONNECT"}, {":authority", "a:1"}, {":scheme", "http"}}), "head"},
      {"CONNECT with a path", head({{":method", "CONNECT"}, {":authority", "a:1"}, {":path", "/"}}),
       "head"},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    CHECK(judged(request(), row.message) == row.verdict);
  }
}

TEST_CASE("any field, of either side") {
  const auto with = [](const Field& field) {
    return std::pair{Message{section(get({field}), true)},
                     Message{section(of_status("200", {field}), true)}};
  };
  const struct {
    const char* rule;
    Field field;
    bool good;
  } rows[] = {
      {"a token", {"x!#$%&'*+-.^_`|~9", "1"}, true},
      {"a capital in a name", {"X", "1"}, false},
      {"a space in a name", {"x y", "1"}, false},
      {"a colon in a name", {"x:y", "1"}, false},
      {"a byte beyond ASCII in a name", {"x\xe4", "1"}, false},
      {"no name", {"", "1"}, false},
      {"a colon for a name", {":", "1"}, false},
      {"no value", {"x", ""}, true},
      {"spaces and tabs within", {"x", "a \t b"}, true},
      {"bytes beyond ASCII", {"x", "\xe4\xff"}, true},
      {"a space before", {"x", " a"}, false},
      {"a tab behind", {"x", "a\t"}, false},
      {"a line feed", {"x", "a\nb"}, false},
      {"a carriage return", {"x", "a\rb"}, false},
      {"NUL", {"x", std::string_view("a\0b", 3)}, false},
      {"another control byte, far behind", {"x", "0123456789abcdef0123456789\x7f-"}, false},
      {"connection", {"connection", "close"}, false},
      {"keep-alive", {"keep-alive", "1"}, false},
      {"proxy-connection", {"proxy-connection", "close"}, false},
      {"transfer-encoding", {"transfer-encoding", "chunked"}, false},
      {"upgrade", {"upgrade", "h2c"}, false},
      {"te with trailers", {"te", "Trailers"}, true},
      {"te with more", {"te", "trailers, gzip"}, false},
      {"te with nothing", {"te", ""}, false},
      {"a length of no digits", {"content-length", ""}, false},
      {"a signed length", {"content-length", "+0"}, false},
      {"two lengths in one", {"content-length", "0, 0"}, false},
      {"a length beyond any", {"content-length", "9223372036854775808"}, false},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    const auto [asked, answered] = with(row.field);
    const std::string verdict = row.good ? "good" : "field " + std::string(row.field.first);
    CHECK(judged(request(), asked) == verdict);
    CHECK(judged(response_to(Method::kGet), answered) == verdict);
  }
}

TEST_CASE("what the static table holds is not looked at again") {
  MessageRules rules = response_to(Method::kGet);
  CHECK(rules.take_field({":status", "200", HeaderId::kOther, Pseudo::kStatus, true, true}) ==
        MessageRules::Verdict::kKeep);
  // The value beside a name of the table may be anything.
  CHECK(rules.take_field({"accept", "a\nb", HeaderId::kOther, Pseudo::kNone, true, false}) ==
        MessageRules::Verdict::kMalformed);
}

TEST_CASE("the body and the end of a request") {
  const auto post = [](const FieldList& more = {}) {
    return section(joined(
        {{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}}, more));
  };
  const auto sized = [&](std::string_view length) { return post({{"content-length", length}}); };
  const Part connect =
      section({{":method", "CONNECT"}, {":authority", "a:1"}, {"content-length", "9"}});
  const Row rows[] = {
      {"of no length", {post(), body(3), body(1, true)}, kGood},
      {"as long as it said", {sized("3"), body(1), body(0), body(2, true)}, kGood},
      {"as long as it said, then trailers",
       {sized("3"), body(3), section({{"x", "1"}}, true)},
       kGood},
      {"longer", {sized("3"), body(2), body(2)}, "body"},
      {"longer than nothing", {sized("0"), body(1)}, "body"},
      {"shorter", {sized("3"), body(2, true)}, "end"},
      {"shorter by an empty frame", {sized("3"), body(2), body(0, true)}, "end"},
      {"shorter, then trailers", {sized("3"), body(2), section({{"x", "1"}}, true)}, "trailers"},
      {"none where one was said", {section(get({{"content-length", "1"}}), true)}, "head"},
      {"two lengths",
       {post({{"content-length", "3"}, {"content-length", "3"}})},
       "field content-length"},
      {"a second length in the trailers",
       {sized("3"), body(3), section({{"content-length", "3"}}, true)},
       "field content-length"},
      {"a length in the trailers that is right",
       {post(), body(3), section({{"content-length", "3"}}, true)},
       kGood},
      {"a length in the trailers that is wrong",
       {post(), body(3), section({{"content-length", "2"}}, true)},
       "trailers"},
      {"trailers that are not the last", {post(), section({{"x", "1"}})}, "trailers"},
      {"trailers of nothing", {post(), section({}, true)}, kGood},
      {"a pseudo field in trailers that the head left out",
       {section({{":method", "CONNECT"}, {":authority", "a:1"}}), section({{":path", "/"}}, true)},
       "field :path"},
      {"a pseudo field in trailers", {post(), section({{":path", "/"}}, true)}, "field :path"},
      {"a connection's field in trailers",
       {post(), section({{"connection", "close"}}, true)},
       "field connection"},
      {"a host in head and trailers",
       {post({{"host", "a"}}), section({{"host", "a"}}, true)},
       "field host"},
      {"what CONNECT says of a length is nothing", {connect, body(3), body(1, true)}, kGood},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    CHECK(judged(request(), row.message) == row.verdict);
  }
}

TEST_CASE("the head of a response, interim heads, its body and its end") {
  constexpr Method kGet = Method::kGet;
  const auto head = [](std::string_view status, const FieldList& more = {}) {
    return section(of_status(status, more));
  };
  const auto sized = [&](std::string_view status, std::string_view length) {
    return head(status, {{"content-length", length}});
  };
  const ResponseRow rows[] = {
      {"a status", kGet, {section({{":status", "200"}}, true)}, kGood},
      {"no status", kGet, {section({{"x", "1"}}, true)}, "head"},
      {"two of them", kGet, {section({{":status", "200"}, {":status", "200"}})}, "field :status"},
      {"of two digits", kGet, {head("20")}, "field :status"},
      {"of four digits", kGet, {head("2000")}, "field :status"},
      {"of no digits", kGet, {head("2x0")}, "field :status"},
      {"an empty one", kGet, {head("")}, "field :status"},
      {"101", kGet, {head("101")}, "field :status"},
      {"behind another field", kGet, {section({{"x", "1"}, {":status", "200"}})}, "field :status"},
      {"a pseudo field of requests", kGet, {section({{":path", "/"}})}, "field :path"},
      {"an interim head, then the final one",
       kGet,
       {head("100"), head("200"), body(1, true)},
       kGood},
      {"an interim head with fields, then the final one",
       kGet,
       {head("103", {{"link", "x"}}), section(of_status("200"), true)},
       kGood},
      {"an interim head that ends", kGet, {section({{":status", "100"}}, true)}, "head"},
      {"an interim head, then a body", kGet, {head("100"), body(1)}, "body"},
      {"an interim head, then the end", kGet, {head("100"), body(0, true)}, "end"},
      {"an interim head with a length", kGet, {sized("100", "0")}, "field content-length"},
      {"an interim head, then none", kGet, {head("100"), section({{"x", "1"}})}, "trailers"},
      {"a pseudo field behind another, in a final head",
       kGet,
       {head("100"), section({{"x", "1"}, {":status", "200"}})},
       "field :status"},
      {"a status in trailers",
       kGet,
       {head("200"), section({{":status", "200"}}, true)},
       "field :status"},
      {"trailers that are not the last", kGet, {head("200"), section({{"x", "1"}})}, "trailers"},
      {"as long as it said", kGet, {sized("200", "3"), body(3, true)}, kGood},
      {"longer", kGet, {sized("200", "3"), body(4)}, "body"},
      {"shorter", kGet, {sized("200", "3"), body(2, true)}, "end"},
      {"two lengths",
       kGet,
       {head("200", {{"content-length", "3"}, {"content-length", "3"}})},
       "field content-length"},
      {"204 and a body", kGet, {head("204"), body(1)}, "body"},
      {"204 with a length of 0",
       kGet,
       {section(of_status("204", {{"content-length", "0"}}), true)},
       "good but for content-length"},
      {"204 with two of them",
       kGet,
       {head("204", {{"content-length", "0"}, {"content-length", "0"}})},
       "field content-length"},
      {"204 with another length", kGet, {sized("204", "1")}, "field content-length"},
      {"304 with the length of what it stands for",
       kGet,
       {section(of_status("304", {{"content-length", "3"}}), true)},
       kGood},
      {"304 and a body", kGet, {sized("304", "1"), body(1)}, "body"},
      {"to HEAD, with the length of what GET gets",
       Method::kHead,
       {section(of_status("200", {{"content-length", "3"}}), true)},
       kGood},
      {"to HEAD, and a body", Method::kHead, {sized("200", "1"), body(1)}, "body"},
      {"to CONNECT, whose length is nothing",
       Method::kConnect,
       {sized("200", "3"), body(9, true)},
       "good but for content-length"},
      {"to CONNECT, a length that is no value of a field",
       Method::kConnect,
       {sized("200", "3 ")},
       "field content-length"},
      {"to CONNECT, a refusal of some length",
       Method::kConnect,
       {sized("404", "3"), body(9, true)},
       kGood},
      {"a host may be anything",
       kGet,
       {section(of_status("200", {{"host", "a b"}, {"host", ""}}), true)},
       kGood},
  };
  for (const ResponseRow& row : rows) {
    INFO(row.rule);
    CHECK(judged(response_to(row.asked), row.message) == row.verdict);
  }
}
