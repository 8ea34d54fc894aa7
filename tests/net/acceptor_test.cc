#include "proxy/net/acceptor.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>

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
  CHECK(acceptor.shed() == 0);
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

// In a child, where few descriptors are allowed: one connection is shed, the loop does not spin,
// and what waits is served once there is room. The exit status says which step failed.
int run_out_of_descriptors() {
  Loop loop;
  Result<Fd> listener = listen_tcp(any_port());
  if (!listener) return 1;
  std::vector<Fd> sockets;
  Acceptor acceptor(loop, listener->release(),
                    [&](int socket, const Address&) { sockets.emplace_back(socket); });
  std::vector<Peer> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(Peer::connect(acceptor.address()));
  std::vector<Fd> ballast;
  const rlimit few{64, 64};
  if (setrlimit(RLIMIT_NOFILE, &few) != 0) return 2;
  for (;;) {
    Fd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!one.valid()) break;
    ballast.push_back(std::move(one));
  }
  if (ballast.size() < 4) return 3;
  ballast.pop_back();
  ballast.pop_back();
  if (!run_until(loop, [&] { return acceptor.shed() > 0; })) return 4;
  if (sockets.size() != 2) return 5;
  if (turns_in(loop, milliseconds(50)) > 40) return 6;
  ballast.clear();
  if (!run_until(loop, [&] { return sockets.size() + acceptor.shed() >= 8; })) return 7;
  return acceptor.shed() <= 3 ? 0 : 8;
}

TEST_CASE("no descriptors left: shed one, wait, go on") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(run_out_of_descriptors());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace woad::test
