#include "proxy/redirect/rules.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace woad::redirect {
namespace {

// What a packet is to a rule.
struct Packet {
  Network from = *Network::parse("10.0.0.5");
  Network to = *Network::parse("10.0.0.9");
  bool own = false;  // `to` is an address of this namespace
  uint16_t port = 80;
  uid_t user = 1000;
  bool through_lo = false;
};

bool fits(const Rule& rule, const Packet& packet) {
  if (rule.through_lo && !packet.through_lo) return false;
  if (rule.user && *rule.user != packet.user) return false;
  if (rule.from && !rule.from->contains(packet.from)) return false;
  if (rule.to && !rule.to->contains(packet.to)) return false;
  if (rule.destination == Destination::kOwn && !packet.own) return false;
  if (rule.destination == Destination::kForeign && packet.own) return false;
  return rule.ports.empty() || std::ranges::find(rule.ports, packet.port) != rule.ports.end();
}

// The port that the packet is redirected to; 0: left alone.
int judged(const std::vector<Rule>& rules, const Packet& packet) {
  for (const Rule& rule : rules) {
    if (fits(rule, packet)) return rule.redirect_to.value_or(0);
  }
  return 0;
}

constexpr uid_t kSidecar = 1337;

Network at(const char* text) { return *Network::parse(text); }

Rules rules_of(const Words& words = {.exclude_inbound_ports = "22",
                                     .exclude_outbound_ports = "5432",
                                     .exclude_cidrs = "169.254.169.254,fd01::/16"}) {
  return make_rules(*read_options(words));
}

TEST_CASE("what reaches the pod") {
  const std::vector<Rule> in = rules_of().in;
  CHECK(judged(in, {.own = true}) == 15006);
  CHECK(judged(in, {.to = at("fd00::5"), .own = true}) == 15006);
  CHECK(judged(in, {.own = false}) == 0);
  CHECK(judged(in, {.own = true, .through_lo = true}) == 0);
  for (const uint16_t port :
       std::initializer_list<uint16_t>{22, 15000, 15001, 15006, 15020, 15021}) {
    CAPTURE(port);
    CHECK(judged(in, {.own = true, .port = port}) == 0);
  }
  CHECK(judged(in, {.own = true, .port = 5432}) == 15006);
}

TEST_CASE("what the app opens") {
  const std::vector<Rule> out = rules_of().out;
  CHECK(judged(out, {}) == 15001);
  CHECK(judged(out, {.to = at("fd00::9")}) == 15001);
  CHECK(judged(out, {.own = true}) == 15001);
  CHECK(judged(out, {.port = 22}) == 15001);
  CHECK(judged(out, {.to = at("127.0.0.1"), .own = true}) == 0);
  CHECK(judged(out, {.to = at("127.0.0.53"), .own = true}) == 0);
  CHECK(judged(out, {.to = at("::1"), .own = true}) == 0);
  CHECK(judged(out, {.port = 5432}) == 0);
  CHECK(judged(out, {.to = at("169.254.169.254")}) == 0);
  CHECK(judged(out, {.to = at("fd01::1")}) == 0);
  CHECK(judged(out, {.own = true, .port = 15006}) == 0);
  CHECK(judged(out, {.own = true, .port = 15001}) == 0);
  CHECK(judged(out, {.own = false, .port = 15006}) == 15001);
  // What others reach at this pod without the sidecar, its own app reaches so, too.
  for (const uint16_t port : std::initializer_list<uint16_t>{22, 15000, 15020, 15021}) {
    CAPTURE(port);
    CHECK(judged(out, {.own = true, .port = port}) == 0);
  }
}

TEST_CASE("what the sidecar opens") {
  const std::vector<Rule> out = rules_of().out;
  const auto sends = [&](Packet packet) {
    packet.user = kSidecar;
    return judged(out, packet);
  };
  CHECK(sends({}) == 0);
  CHECK(sends({.to = at("fd00::9")}) == 0);
  CHECK(sends({.to = at("127.0.0.1"), .own = true}) == 0);
  // Its own pod: as anybody's call, to the inbound listener; the app's address itself by the mark.
  CHECK(sends({.own = true}) == 15006);
  CHECK(sends({.own = true, .port = 5432}) == 15006);
  CHECK(sends({.from = at("127.0.0.6"), .own = true}) == 0);
  CHECK(sends({.from = at("::1"), .to = at("fd00::5"), .own = true}) == 0);
  CHECK(sends({.own = true, .port = 22}) == 0);
  CHECK(sends({.own = true, .port = 15021}) == 0);
}

TEST_CASE("another user and other ports") {
  const Rules rules = rules_of({.inbound = "16006", .outbound = "16001", .user = "7"});
  CHECK(judged(rules.in, {.own = true}) == 16006);
  CHECK(judged(rules.in, {.own = true, .port = 15006}) == 16006);
  CHECK(judged(rules.in, {.own = true, .port = 16001}) == 0);
  CHECK(judged(rules.out, {.user = 7}) == 0);
  CHECK(judged(rules.out, {.user = kSidecar}) == 16001);
}

}  // namespace
}  // namespace woad::redirect
