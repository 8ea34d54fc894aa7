#include "proxy/net/connector.h"

#include <doctest/doctest.h>

#include <optional>

#include "tests/net/harness.h"

namespace woad::test {
namespace {

struct Outcome {
  std::unique_ptr<Transport> transport;
  std::optional<ConnectError> error;
  int calls = 0;

  ConnectedCallback connected() {
    return [this](std::unique_ptr<Transport> made) {
      ++calls;
      transport = std::move(made);
    };
  }
  ConnectFailedCallback failed() {
    return [this](ConnectError why) {
      ++calls;
      error = std::move(why);
    };
  }
};

struct Fixture {
  std::unique_ptr<Connecting> connect(const Address& address, Duration timeout = seconds(10)) {
    return connect_tcp(loop, blocks, address, timeout, outcome.connected(), outcome.failed());
  }
  BlockPool blocks;
  Loop loop;
  Outcome outcome;
};

Address free_port() {
  const Result<Fd> listener = listen_tcp(any_port());
  return local_address(listener->get());
}

TEST_CASE_FIXTURE(Fixture, "a connection becomes a working transport") {
  Result<Fd> listener = listen_tcp(any_port());
  REQUIRE(listener);
  const Address address = local_address(listener->get());
  const auto connecting = connect(address);
  CHECK(outcome.calls == 0);
  REQUIRE(run_until(loop, [&] { return outcome.calls == 1; }));
  REQUIRE(outcome.transport != nullptr);
  CHECK(outcome.transport->peer() == address);
  Peer peer(Fd(::accept4(listener->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)));
  Recorder sink;
  outcome.transport->start(sink);
  peer.send("from the server");
  Buffer hello;
  hello.append(Slice::of_static("from the client"));
  outcome.transport->write(std::move(hello));
  REQUIRE(run_until(loop, [&] {
    peer.receive();
    return sink.received == "from the server" && peer.received == "from the client";
  }));
}

TEST_CASE_FIXTURE(Fixture, "refused") {
  const Address address = free_port();
  const auto connecting = connect(address);
  REQUIRE(run_until(loop, [&] { return outcome.calls == 1; }));
  REQUIRE(outcome.error);
  CHECK(outcome.error->kind == ConnectError::Kind::kRefused);
  CHECK(outcome.error->message == address.to_string() + ": connection refused");
}

TEST_CASE_FIXTURE(Fixture, "a failure that is known at once is told later all the same") {
  const auto connecting = connect(*Address::parse("255.255.255.255:1"));
  CHECK(outcome.calls == 0);
  REQUIRE(run_until(loop, [&] { return outcome.calls == 1; }));
  CHECK(outcome.error);
}

TEST_CASE_FIXTURE(Fixture, "timeout") {
  Result<Fd> listener = listen_tcp(any_port());
  const auto connecting = connect(local_address(listener->get()), seconds(5));
  Scheduler& scheduler = loop.scheduler();
  scheduler.advance(scheduler.now() + seconds(6));
  REQUIRE(outcome.error);
  CHECK(outcome.error->kind == ConnectError::Kind::kTimeout);
  CHECK(outcome.error->message.ends_with(": connection timed out"));
  loop.post([&] { loop.stop(); });
  loop.run();
  CHECK(outcome.calls == 1);
}

TEST_CASE_FIXTURE(Fixture, "dropping the handle cancels") {
  Result<Fd> listener = listen_tcp(any_port());
  for (const Address& address :
       {local_address(listener->get()), free_port(), *Address::parse("255.255.255.255:1")}) {
    auto connecting = connect(address);
    connecting.reset();
  }
  turns_in(loop, milliseconds(20));
  CHECK(outcome.calls == 0);
}

TEST_CASE_FIXTURE(Fixture, "the callback may destroy the handle") {
  std::unique_ptr<Connecting> connecting;
  int calls = 0;
  connecting = connect_tcp(
      loop, blocks, free_port(), seconds(5), [](std::unique_ptr<Transport>) {},
      [&](ConnectError) {
        connecting.reset();
        ++calls;
      });
  REQUIRE(run_until(loop, [&] { return calls == 1; }));
}

}  // namespace
}  // namespace woad::test
