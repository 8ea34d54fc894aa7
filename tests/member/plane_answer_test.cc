#include "proxy/member/plane_answer.h"

#include <doctest/doctest.h>

#include "proxy/base/base64.h"
#include "proxy/compress/zstd.h"
#include "proxy/net/tls/digest.h"

namespace woad {
namespace {

constexpr WallTime kNow{seconds(1'800'000'000)};

PlaneFile file(const std::string& text) { return {text, sha256_hex(text), ""}; }

HttpAnswer answer(const std::string& body, const std::string& sha256,
                  const std::string& coding = "") {
  HttpAnswer answer{.status = 200, .body = body};
  answer.headers = {{"etag", "\"" + sha256 + "\""}, {"x-woad-version", "v1"}};
  if (!coding.empty()) answer.headers.emplace_back("content-encoding", coding);
  return answer;
}

TEST_CASE("plane answer: a file in each coding") {
  const PlaneFile have =
      file("services: {}\n# and more of it, so that there is something to share");
  const std::string text = have.text + "\nversion: two\n";
  const std::string sha = sha256_hex(text);
  const std::string dictionary = bytes_of_hex(have.sha256);
  const HttpAnswer answers[] = {answer(text, sha), answer(text, sha, "identity"),
                                answer(zstd_compress(text), sha, "zstd"),
                                answer(dcz_compress(text, have.text, dictionary), sha, "DCZ")};
  for (const HttpAnswer& each : answers) {
    const PollAnswer judged = judge_poll(each, have, have.sha256);
    const auto* const come = std::get_if<PlaneFile>(&judged);
    REQUIRE(come != nullptr);
    CHECK(come->text == text);
    CHECK(come->sha256 == sha);
    CHECK(come->version == "v1");
  }
}

TEST_CASE("plane answer: what is no file") {
  const PlaneFile have = file("services: {}\n");
  const std::string text = "services:\n  a: {}\n";
  const std::string sha = sha256_hex(text);
  const std::string other = std::string(64, 'a');
  HttpAnswer too_long = answer("", sha);
  too_long.why = "the answer is longer than 5 bytes";
  struct Row {
    HttpAnswer answer;
    std::string_view why;
    std::string sha256;
  };
  const Row rows[] = {
      {answer(text, other), "hash", other},
      {answer(text, ""), "ETag", ""},
      {answer(text, std::string(64, 'G')), "ETag", ""},
      {answer(text, sha, "br"), "content-encoding", sha},
      {answer(text, sha, "zstd"), "", sha},
      {answer(zstd_compress(text).substr(0, 8), sha, "zstd"), "", sha},
      {answer(dcz_compress(text, "another", sha256("another")), sha, "dcz"), "", sha},
      {too_long, "longer than", sha},
  };
  for (const Row& row : rows) {
    const PollAnswer judged = judge_poll(row.answer, have, have.sha256);
    const auto* const none = std::get_if<NoFile>(&judged);
    REQUIRE(none != nullptr);
    CAPTURE(none->why);
    CHECK(none->why.starts_with("the control plane's file cannot be used: "));
    CHECK(none->why.find(row.why) != std::string::npos);
    CHECK(none->sha256 == row.sha256);
  }
}

TEST_CASE("plane answer: a dictionary is used by those alone who offered one") {
  const std::string text = "services: {}\n";
  const PollAnswer judged =
      judge_poll(answer(dcz_compress(text, "x", sha256("x")), sha256_hex(text), "dcz"), {}, "");
  CHECK(std::holds_alternative<NoFile>(judged));
  CHECK(poll_fields({}).size() == 1);
  const PlaneFile have = file("x");
  const auto fields = poll_fields(have);
  REQUIRE(fields.size() == 2);
  CHECK(fields[0].second == "dcz, zstd");
  CHECK(fields[1].second == ":" + base64(sha256("x")) + ":");
}

TEST_CASE("plane answer: nothing new, and no use") {
  const PlaneFile have = file("x");
  CHECK(std::holds_alternative<Unchanged>(judge_poll(answer("x", have.sha256), have, have.sha256)));
  struct Row {
    HttpAnswer answer;
    std::string why;
    std::optional<Duration> retry_after;
  };
  HttpAnswer busy{.status = 503, .headers = {{"retry-after", "7"}}, .body = "busy\nvery\n"};
  const Row rows[] = {
      {{.why = "cp:1: connection refused"}, "cp:1: connection refused", std::nullopt},
      {busy, "it answered 503: busy", seconds(7)},
      {{.status = 404}, "it answered 404", std::nullopt},
      {{.status = 302}, "it answered 302, and redirects are not followed", std::nullopt},
  };
  for (const Row& row : rows) {
    const NoUse judged = no_use(row.answer, kNow);
    CHECK(judged.why == row.why);
    CHECK(judged.retry_after == row.retry_after);
  }
}

}  // namespace
}  // namespace woad
