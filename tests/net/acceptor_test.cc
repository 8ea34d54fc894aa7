#include "proxy/net/acceptor.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "proxy/net/descriptors.h"
#include "tests/net/harness.h"

namespace woad::test {
namespace {

TEST_CASE("connections are taken, more than a batch of them, with their peers") {
  Loop loop;
  Result<Fd> listener = listen_tcp(any_port());
  REQUIRE(listener);
  std::vector<Fd> sockets;
  std::vector<Address> peers;
  Acceptor acceptor(loop, listener->release(), [&](int socket, const Address& peer) {
    sockets.emplace_back(socket);
    peers.push_back(peer);
  });
  std::vector<Peer> clients;
  for (int i = 0; i < 3 * Acceptor::kBatch; ++i) {
    clients.push_back(Peer::connect(acceptor.address()));
  }
  REQUIRE(run_until(loop, [&] { return sockets.size() == clients.size(); }));
  CHECK(peers.front() == local_address(clients.front().fd()));
  CHECK((fcntl(sockets.front().get(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("who waits in the queue is taken before the acceptor ends") {
  Loop loop;
  Result<Fd> listener = listen_tcp(any_port());
  REQUIRE(listener);
  const Address address = local_address(listener->get());
  std::vector<Fd> sockets;
  auto acceptor = std::make_unique<Acceptor>(
      loop, listener->release(), [&](int socket, const Address&) { sockets.emplace_back(socket); });
  std::vector<Peer> clients;
  for (int i = 0; i < 3 * Acceptor::kBatch; ++i) clients.push_back(Peer::connect(address));
  acceptor->take_waiting();
  acceptor.reset();
  CHECK(sockets.size() == clients.size());
}

TEST_CASE("workers share an address; another's address is an error in words") {
  const Result<Fd> first = listen_tcp(any_port());
  REQUIRE(first);
  const Address address = local_address(first->get());
  const Result<Fd> second = listen_tcp(address);
  CHECK(second);

  const Fd alone(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Address any = any_port();
  REQUIRE(::bind(alone.get(), any.raw(), any.raw_size()) == 0);
  REQUIRE(::listen(alone.get(), 1) == 0);
  const Address taken = local_address(alone.get());
  const Result<Fd> refused = listen_tcp(taken);
  REQUIRE(!refused);
  CHECK(refused.error().message ==
        "cannot listen on " + taken.to_string() + ": address already in use");
  const Result<Fd> nowhere = listen_tcp(*Address::parse("192.0.2.1:80"));
  REQUIRE(!nowhere);
  CHECK(nowhere.error().message == "cannot listen on 192.0.2.1:80: address not available");
}

TEST_CASE("the callback may destroy the acceptor") {
  Loop loop;
  Result<Fd> listener = listen_tcp(any_port());
  REQUIRE(listener);
  const Address address = local_address(listener->get());
  int taken = 0;
  std::unique_ptr<Acceptor> acceptor;
  acceptor = std::make_unique<Acceptor>(loop, listener->release(), [&](int socket, const Address&) {
    const Fd close_it(socket);
    ++taken;
    acceptor.reset();
  });
  std::vector<Peer> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(Peer::connect(address));
  REQUIRE(run_until(loop, [&] { return taken == 1; }));
  turns_in(loop, milliseconds(10));
  CHECK(taken == 1);
}

// Gives a number in a child of this process, which may open few descriptors: 0 is good, else it
// says which step failed.
int in_a_child(int (*steps)()) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(steps());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

// Leaves `count` of them.
std::vector<Fd> take_all_but(int count) {
  std::vector<Fd> ballast;
  const rlimit few{64, 64};
  if (setrlimit(RLIMIT_NOFILE, &few) != 0) return {};
  for (;;) {
    Fd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!one.valid()) break;
    ballast.push_back(std::move(one));
  }
  for (int i = 0; i < count && !ballast.empty(); ++i) ballast.pop_back();
  return ballast;
}

struct Server {
  explicit Server(int share = DescriptorShares::kAll)
      : acceptor(
            loop, listen_tcp(any_port())->release(),
            [this](int socket, const Address&) { sockets.emplace_back(socket); }, share) {}
  void connect(int count) {
    for (int i = 0; i < count; ++i) clients.push_back(Peer::connect(acceptor.address()));
  }

  Loop loop;
  std::vector<Fd> sockets;
  Acceptor acceptor;
  std::vector<Peer> clients;
};

TEST_CASE("no descriptor left: one in reserve, then wait without spinning, then go on") {
  CHECK(in_a_child([] {
          Server server;
          server.connect(8);
          std::vector<Fd> ballast = take_all_but(2);
          if (ballast.size() < 4) return 1;
          if (!run_until(server.loop, [&] { return server.sockets.size() == 3; })) return 2;
          if (turns_in(server.loop, milliseconds(250)) > 40) return 3;
          if (server.sockets.size() != 3) return 4;
          ballast.clear();
          if (!run_until(server.loop, [&] { return server.sockets.size() == 8; })) return 5;
          return 0;
        }) == 0);
}

TEST_CASE("a share is not overstepped: who comes waits for a lower number, and nobody is lost") {
  const int share = descriptors_in_use() + 20;
  Server server(share);
  server.connect(6);
  REQUIRE(run_until(server.loop, [&] { return server.sockets.size() == 6; }));
  server.clients.reserve(30);
  server.connect(24);
  turns_in(server.loop, milliseconds(250));
  const size_t served = server.sockets.size();
  CHECK(served < 30);
  for (const Fd& socket : server.sockets) CHECK(socket.get() < share);
  CHECK(turns_in(server.loop, milliseconds(250)) < 40);
  CHECK(server.sockets.size() == served);
  // Room for the rest, as clients go.
  for (size_t done = served; done < 30; done = server.sockets.size()) {
    const size_t before = server.sockets.size();
    for (Fd& socket : server.sockets) socket.reset();
    REQUIRE(run_until(server.loop, [&] { return server.sockets.size() > before; }));
  }
  CHECK(server.sockets.size() == 30);
}

TEST_CASE("shares: half of what is free for clients, some for admin, whatever the limit") {
  struct Case {
    uint64_t limit;
    int taken, clients, upstreams;
  };
  for (const Case& each : {Case{256, 36, 132, 229}, Case{1024, 24, 508, 992}, Case{64, 24, 41, 59},
                           Case{64, 70, 71, 60}}) {
    const DescriptorShares shares = DescriptorShares::of(each.limit, each.taken);
    CHECK(shares.clients == each.clients);
    CHECK(shares.upstreams == each.upstreams);
  }
  CHECK(DescriptorShares::of(UINT64_MAX, 24).clients == DescriptorShares::kAll);
}

}  // namespace
}  // namespace woad::test
