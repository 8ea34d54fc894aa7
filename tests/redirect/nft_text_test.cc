#include "proxy/redirect/nft_text.h"

#include <doctest/doctest.h>

namespace woad::redirect {
namespace {

// The lines of a chain that stand for `rule`.
std::string written(const Rule& rule) {
  const std::string table = nft_table({{rule}, {}});
  const std::string before = "chain WOAD_IN {\n\t\t";
  const size_t from = table.find(before) + before.size();
  return table.substr(from, table.find("\n", from) - from);
}

TEST_CASE("a rule as nftables lists it") {
  const auto network = [](const char* text) { return *Network::parse(text); };
  const std::pair<Rule, const char*> cases[] = {
      {{.why = "a"}, "return comment \"a\""},
      {{.why = "a", .through_lo = true}, "iif \"lo\" return comment \"a\""},
      {{.why = "a", .user = 0}, "meta skuid 0 return comment \"a\""},
      {{.why = "a", .from = network("127.0.0.0/8")}, "ip saddr 127.0.0.0/8 return comment \"a\""},
      {{.why = "a", .to = network("fd00::1")}, "ip6 daddr fd00::1 return comment \"a\""},
      {{.why = "a", .to = network("0.0.0.0/0")}, "meta nfproto ipv4 return comment \"a\""},
      {{.why = "a", .to = network("::/0")}, "meta nfproto ipv6 return comment \"a\""},
      {{.why = "a", .destination = Destination::kForeign},
       "fib daddr type != local return comment \"a\""},
      {{.why = "a", .ports = {22}}, "tcp dport 22 return comment \"a\""},
      {{.why = "a", .ports = {22, 80}}, "tcp dport { 22, 80 } return comment \"a\""},
      {{.why = "a", .user = 7, .destination = Destination::kOwn, .redirect_to = 1},
       "meta skuid 7 fib daddr type local meta l4proto 6 redirect to :1 comment \"a\""},
  };
  for (const auto& [rule, want] : cases) CHECK(written(rule) == want);
}

TEST_CASE("one table with two chains and two hooks") {
  const std::string table = nft_table(make_rules(*read_options({})));
  CHECK(table.starts_with("table inet woad {\n\tchain WOAD_IN {\n"));
  CHECK(table.ends_with("jump WOAD_OUT\n\t}\n}\n"));
  for (const char* line :
       {"\tchain WOAD_OUT {\n", "type nat hook prerouting priority dstnat; policy accept;",
        "type nat hook output priority -100; policy accept;"}) {
    CHECK(table.find(line) != std::string::npos);
  }
}

}  // namespace
}  // namespace woad::redirect
