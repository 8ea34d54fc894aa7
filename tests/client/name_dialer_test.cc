#include "proxy/client/name_dialer.h"

#include <doctest/doctest.h>

#include "tests/upstream/fake_dialer.h"

namespace woad {
namespace {

struct World final : test::PoolWorld, DialSink {
  explicit World(const std::string& host)
      : names(dialer, host, 4318, [this](Resolver::Done done) {
          ++asked;
          answer = std::move(done);
          return std::make_unique<Resolver::Ticket>();
        }) {}
  void dial() {
    DialSink& self = *this;
    under_way = names.dial(Address(), test::plain_channel(), self);
  }
  void tell(std::vector<std::string> addresses) {
    ResolvedName name;
    for (const std::string& each : addresses) name.addresses.push_back(*Address::parse(each));
    answer(std::move(name));
  }
  void on_dialed(Dialed dialed) override {
    log += "dialed";
    transport = std::move(dialed.transport);
  }
  void on_dial_failed(DialFailure failure) override { log += failure.message; }

  NameDialer names;
  int asked = 0;
  Resolver::Done answer;
  std::unique_ptr<Transport> transport;
  std::unique_ptr<Dial> under_way;
  std::string log;
};

TEST_CASE("name dialer: an address is dialed as it is") {
  World world("::1");
  world.dial();
  REQUIRE(world.dialer.calls.size() == 1);
  CHECK(world.dialer.calls[0].address == "[::1]:4318");
  world.dialer.fail(0);
  CHECK(world.log == "[::1]:4318: connection refused");
  CHECK(world.asked == 0);
}

TEST_CASE("name dialer: the addresses of a name, one after the other") {
  World world("collector");
  world.dial();
  CHECK(world.dialer.calls.empty());
  world.tell({"10.0.0.1:4318", "10.0.0.2:4318"});
  REQUIRE(world.dialer.calls.size() == 1);
  world.dialer.fail(0);
  REQUIRE(world.dialer.calls.size() == 2);
  CHECK(world.log.empty());
  SUBCASE("until one is there") {
    world.dialer.accept(1);
    CHECK(world.log == "dialed");
  }
  SUBCASE("or none") {
    world.dialer.fail(1, "connection timed out");
    CHECK(world.log ==
          "collector: 10.0.0.1:4318: connection refused; 10.0.0.2:4318: connection timed out");
  }
}

TEST_CASE("name dialer: a name that is not there, and one that is asked for anew") {
  World world("collector");
  world.dial();
  world.answer(Error{"collector: no such name"});
  CHECK(world.log == "collector: no such name");
  world.dial();
  CHECK(world.asked == 2);
}

TEST_CASE("name dialer: given up, nothing is dialed any more") {
  World world("collector");
  world.dial();
  world.tell({"10.0.0.1:4318"});
  world.under_way.reset();
  CHECK(world.dialer.calls[0].given_up);
}

}  // namespace
}  // namespace woad
