// The server and the client over real sockets of this machine.
#include "proxy/admin/client.h"

#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "config/types.h"
#include "proxy/admin/server.h"
#include "proxy/net/socket.h"
#include "tests/server/testing.h"

namespace woad {
namespace {

// A free address: bound, asked for, and given back.
Address free_address() {
  const auto any = Address::parse("127.0.0.1:0");
  REQUIRE(any);
  const auto socket = listen_tcp(*any);
  REQUIRE(socket);
  return local_address(socket->get());
}

// The server on a thread of its own, as the control loop is.
class Running {
 public:
  Running() : server_(loop_, blocks_, backend) {}
  ~Running() {
    if (!thread_.joinable()) return;
    loop_.post([this] { loop_.stop(); });
    thread_.join();
  }

  Result<void> apply(const AdminAddresses& addresses) { return server_.apply(addresses); }
  void start() {
    thread_ = std::thread([this] { loop_.run(); });
  }
  // On the loop's thread, and waits for it.
  void on_loop(const std::function<void()>& task) {
    std::atomic<bool> done = false;
    loop_.post([&] {
      task();
      done = true;
      done.notify_one();
    });
    done.wait(false);
  }

  FakeBackend backend;

 private:
  BlockPool blocks_;
  Loop loop_;
  AdminServer server_;
  std::thread thread_;
};

TEST_CASE("the client reads the server's answers, listeners follow") {
  Running running;
  const Address admin = free_address();
  const Address probes = free_address();
  REQUIRE(running.apply({{AdminScope::kAll, admin}, {AdminScope::kProbes, probes}}));
  running.start();

  auto reply = ask_admin(admin, "GET", "/healthz", seconds(20));
  CHECK(reply.status == 200);
  CHECK(reply.body == "ok\n");
  reply = ask_admin(probes, "GET", "/config", seconds(20));
  CHECK(reply.status == 404);
  CHECK(wait_until_ready(admin, seconds(20)));

  const Address moved = free_address();
  running.on_loop([&] {
    running.backend.why_not_ready = "starting";
    CHECK(running.apply({{AdminScope::kAll, moved}}));
  });
  reply = ask_admin(moved, "GET", "/readyz", seconds(20));
  CHECK(reply.status == 503);
  CHECK(ask_admin(admin, "GET", "/healthz", seconds(20)).status == 0);
  const auto ready = wait_until_ready(moved, milliseconds(30));
  REQUIRE_FALSE(ready);
  CHECK(ready.error().message.find("503: not ready: starting") != std::string::npos);
}

TEST_CASE("an address that cannot be had changes nothing") {
  Running running;
  const Address address = free_address();
  REQUIRE(running.apply({{AdminScope::kAll, address}}));
  const auto nowhere = Address::parse("192.0.2.1:1");
  REQUIRE(nowhere);
  const auto failed =
      running.apply({{AdminScope::kAll, free_address()}, {AdminScope::kProbes, *nowhere}});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message.find("192.0.2.1:1") != std::string::npos);
  running.start();
  CHECK(ask_admin(address, "GET", "/healthz", seconds(20)).status == 200);
}

TEST_CASE("two processes do not share an address, one may move within its port") {
  Running first;
  Running second;
  const AdminAddresses addresses{{AdminScope::kAll, free_address()}};
  REQUIRE(first.apply(addresses));
  const auto taken = second.apply(addresses);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().message ==
        "cannot listen on " + addresses[0].address.to_string() + ": address already in use");
  const auto wide = Address::from_host("0.0.0.0", addresses[0].address.port());
  REQUIRE(wide);
  CHECK(first.apply({{AdminScope::kAll, *wide}}));
}

TEST_CASE("nobody listens") {
  const auto reply = ask_admin(free_address(), "GET", "/readyz", seconds(20));
  CHECK(reply.status == 0);
  CHECK(reply.why.find("refused") != std::string::npos);
  CHECK_FALSE(wait_until_ready(free_address(), milliseconds(1)));
}

TEST_CASE("who waited in vain hears the last reason, not that the time was up") {
  const auto any = Address::parse("127.0.0.1:0");
  REQUIRE(any);
  const auto listening = listen_tcp(*any);
  REQUIRE(listening);
  // Answers once, and leaves those that come later in the kernel's queue.
  std::thread server([&] {
    pollfd ready{.fd = listening->get(), .events = POLLIN, .revents = 0};
    poll(&ready, 1, -1);
    const Fd client(accept(listening->get(), nullptr, nullptr));
    constexpr std::string_view kAnswer = "HTTP/1.1 503 x\r\ncontent-length: 9\r\n\r\nnot ready";
    char request[1024];
    CHECK(recv(client.get(), request, sizeof request, 0) > 0);
    CHECK(send(client.get(), kAnswer.data(), kAnswer.size(), 0) > 0);
  });
  const auto ready = wait_until_ready(local_address(listening->get()), seconds(1));
  server.join();
  REQUIRE_FALSE(ready);
  CHECK(ready.error().message.find("answered 503: not ready") != std::string::npos);
}

TEST_CASE("addresses of the file") {
  config::Admin admin;
  auto addresses = admin_addresses(admin);
  REQUIRE(addresses);
  const AdminAddress all{AdminScope::kAll, *Address::parse("127.0.0.1:15000")};
  CHECK(*addresses == AdminAddresses{all});
  admin.probes = config::Located<config::HostPort>{{"0.0.0.0", 15021, true}, {}};
  addresses = admin_addresses(admin);
  REQUIRE(addresses);
  CHECK(*addresses == AdminAddresses{all, {AdminScope::kProbes, *Address::parse("0.0.0.0:15021")}});
  for (const uint16_t port : {uint16_t{15020}, uint16_t{15021}}) {
    admin.metrics = config::Located<config::HostPort>{{"::", port, true}, {}};
    addresses = admin_addresses(admin);
    REQUIRE(addresses);
    CHECK((addresses->back().any == AnyIPv6::kAlone) == (port == 15021));
  }
  admin.metrics = config::Located<config::HostPort>{{"price", 15020, false}, {}};
  addresses = admin_addresses(admin);
  REQUIRE_FALSE(addresses);
  CHECK(addresses.error().message.starts_with("admin.metrics: "));
}

}  // namespace
}  // namespace woad
