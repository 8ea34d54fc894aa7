#include "proxy/control/plane/coding.h"

#include <doctest/doctest.h>

#include "proxy/base/base64.h"
#include "proxy/compress/zstd.h"
#include "proxy/net/tls/digest.h"
#include "tests/support/request_head.h"

namespace woad::control {
namespace {

TEST_CASE("what a client takes") {
  const std::string hash = sha256("x");
  const std::string known = ":" + base64(hash) + ":";
  struct Case {
    test::Fields fields;
    bool zstd;
    bool dcz;
    std::string dictionary;
  };
  for (const Case& c : std::initializer_list<Case>{
           {{}, false, false, ""},
           {{{"accept-encoding", "gzip, ZSTD"}}, true, false, ""},
           {{{"accept-encoding", "dcz, zstd"}, {"available-dictionary", known}},
            true,
            true,
            sha256_hex("x")},
           {{{"accept-encoding", "dcz;q=0, zstd;q=0.5"}}, true, false, ""},
           {{{"accept-encoding", "zstd;q=0.0"}, {"accept-encoding", "dcz"}}, false, true, ""},
           {{{"available-dictionary", ":AAAA:"}}, false, false, ""},
           {{{"available-dictionary", base64(hash)}}, false, false, ""},
           {{{"available-dictionary", "::"}}, false, false, ""},
           {{{"available-dictionary", ":"}}, false, false, ""},
       }) {
    const test::TestRequest request("GET", "/", "a", c.fields);
    const Acceptance acceptance = read_acceptance(request.head.headers);
    CHECK(acceptance.zstd == c.zstd);
    CHECK(acceptance.dcz == c.dcz);
    CHECK(acceptance.dictionary == c.dictionary);
  }
}

TEST_CASE("one endpoint of 10,000 changed costs less than a KiB") {
  Instances instances;
  for (int i = 0; i < 10'000; ++i) {
    const std::string tail = std::to_string(i / 250) + "." + std::to_string(i % 250) + ":8080";
    instances["price-" + std::to_string(i)] = {"10.7." + tail, {{"zone", "a"}}, 100};
  }
  const auto block = std::make_shared<const Block>("  price:\n    protocol: http\n",
                                                   std::vector<Block::Endpoint>());
  const Skeleton skeleton("log: { level: info }\n", {{"price", block}});
  const FilePtr before = make_file(skeleton, {{"price", instances}});
  instances["price-5000"].address = "10.9.1.1:8080";
  const FilePtr after = make_file(skeleton, {{"price", instances}});
  CHECK(before->size > 300'000);
  CHECK(before->sha256 != after->sha256);
  CHECK(sha256_hex(text_of(*after)) == after->sha256);
  CHECK(text_of(*after).find("version: \"" + after->version + "\"\n") != std::string::npos);

  const std::string difference = encode(*after, Coding::Kind::kDcz, before);
  CHECK(difference.size() < 1024);
  const auto back =
      dcz_decompress(difference, text_of(*before), bytes_of_hex(before->sha256), after->size);
  REQUIRE(back);
  CHECK(*back == text_of(*after));
  CHECK(encode(*after, Coding::Kind::kPlain, nullptr) == *back);
  CHECK(encode(*after, Coding::Kind::kZstd, nullptr).size() < after->size / 3);
}

}  // namespace
}  // namespace woad::control
