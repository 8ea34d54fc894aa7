#include "proxy/net/socket.h"

#include <doctest/doctest.h>
#include <netinet/tcp.h>

#include "tests/net/harness.h"

namespace woad::test {
namespace {

std::string congestion_control(int fd) {
  char name[16] = {};
  socklen_t size = sizeof name;
  REQUIRE(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size) == 0);
  return name;
}

constexpr const char* kUnpaced = "reno";

std::string usual_control() {
  return congestion_control(Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)).get());
}

TEST_CASE("pacing is turned off where the clients of a listener are here") {
  struct Row {
    const char* address;
    Clients clients;
    bool unpaced;
  };
  for (const Row& row :
       {Row{"127.0.0.1:0", Clients::kAnywhere, true}, Row{"127.8.0.1:0", Clients::kAnywhere, true},
        Row{"0.0.0.0:0", Clients::kAnywhere, false}, Row{"0.0.0.0:0", Clients::kHere, true}}) {
    CAPTURE(row.address);
    const Result<Fd> fd = listen_tcp(*Address::parse(row.address), AnyIPv6::kAlone, row.clients);
    REQUIRE(fd);
    CHECK(congestion_control(fd->get()) == (row.unpaced ? kUnpaced : usual_control()));
  }
}

TEST_CASE("what a listener on the loopback accepts is not paced") {
  const Result<Fd> listener = listen_tcp(any_port());
  REQUIRE(listener);
  CHECK(congestion_control(listener->get()) == kUnpaced);
  const Peer peer = Peer::connect(local_address(listener->get()));
  pollfd waiting{listener->get(), POLLIN, 0};
  REQUIRE(::poll(&waiting, 1, 20000) == 1);
  const Fd accepted(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(accepted.valid());
  CHECK(congestion_control(accepted.get()) == kUnpaced);
}

TEST_CASE("[::] and 0.0.0.0 fit beside each other at one port, whichever was there first") {
  for (const bool v4_first : {true, false}) {
    CAPTURE(v4_first);
    const Result<Fd> first = listen_tcp(*Address::parse(v4_first ? "0.0.0.0:0" : "[::]:0"));
    REQUIRE(first);
    const uint16_t port = local_address(first->get()).port();
    const Address second = *Address::from_host(v4_first ? "::" : "0.0.0.0", port);
    CHECK(check_free(second));
    CHECK(listen_tcp(second));
    // What is taken stays taken.
    const Result<void> taken = check_free(local_address(first->get()));
    REQUIRE(!taken);
    CHECK(taken.error().message.ends_with(": address already in use"));
  }
}

}  // namespace
}  // namespace woad::test
