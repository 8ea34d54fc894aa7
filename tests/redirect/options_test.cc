#include "proxy/redirect/options.h"

#include <doctest/doctest.h>

namespace woad::redirect {
namespace {

TEST_CASE("the defaults are those of the contract") {
  const auto options = read_options({});
  REQUIRE(options);
  CHECK(options->inbound == 15006);
  CHECK(options->outbound == 15001);
  CHECK(options->user == 1337);
  CHECK(options->backend == Backend::kAuto);
  CHECK(options->exclude_inbound.empty());
  CHECK(options->exclude_networks.empty());
}

TEST_CASE("lists are read in order, each item once") {
  const auto options =
      read_options({.exclude_inbound_ports = "9100, 22,22",
                    .exclude_outbound_ports = " ",
                    .exclude_cidrs = "fd00::/8,10.1.0.0/16,10.0.0.0/8,10.0.0.0/8"});
  REQUIRE(options);
  CHECK(options->exclude_inbound == std::vector<uint16_t>{22, 9100});
  CHECK(options->exclude_outbound.empty());
  REQUIRE(options->exclude_networks.size() == 2);
  CHECK(options->exclude_networks[0].to_string() == "10.0.0.0/8");
  CHECK(options->exclude_networks[1].to_string() == "fd00::/8");
}

TEST_CASE("a user has a number or a name") {
  CHECK(read_options({.user = "0"})->user == 0);
  CHECK(read_options({.user = "root"})->user == 0);
  CHECK(read_options({.user = "4294967294"})->user == 4294967294U);
}

TEST_CASE("an error names the option and the word") {
  const std::pair<Words, const char*> cases[] = {
      {{.inbound = "0"}, "--inbound \"0\" must be a port"},
      {{.inbound = ""}, "--inbound \"\" must be a port"},
      {{.inbound = "15000"}, "--inbound \"15000\" is a port of the sidecar's own pages"},
      {{.inbound = "15001"}, "--inbound and --outbound are both 15001"},
      {{.outbound = "65536"}, "--outbound \"65536\" must be a port"},
      {{.outbound = "http"}, "--outbound \"http\" must be a port"},
      {{.user = ""}, "--user \"\" is no user"},
      {{.user = "4294967295"}, "--user \"4294967295\" is no user"},
      {{.user = "-1"}, "--user \"-1\" is no user"},
      {{.user = "nobody-of-that-name"}, "--user \"nobody-of-that-name\" is no user"},
      {{.exclude_inbound_ports = "22,"}, "--exclude-inbound-ports \"\" must be a port"},
      {{.exclude_inbound_ports = "22 80"}, "--exclude-inbound-ports \"22 80\" must be a port"},
      {{.exclude_outbound_ports = "22,70000"}, "--exclude-outbound-ports \"70000\" must be a port"},
      {{.exclude_cidrs = "10.0.0.0/8,price"}, "--exclude-cidrs 'price' is no network"},
      {{.backend = "ebpf"}, "--backend \"ebpf\" must be auto, nft or iptables"},
  };
  for (const auto& row : cases) {
    const auto& [words, want] = row;
    CAPTURE(row.second);
    const auto options = read_options(words);
    REQUIRE_FALSE(options);
    CHECK(options.error().message.starts_with(want));
  }
}

}  // namespace
}  // namespace woad::redirect
