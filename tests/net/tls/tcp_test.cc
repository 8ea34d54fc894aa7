// TLS over real sockets, on a loop: what the memory transport cannot show.
#include <doctest/doctest.h>

#include "tests/net/tls/rig.h"

namespace woad::test {
namespace {

// Our client and our server, joined by TCP.
struct OverTcp {
  OverTcp(TlsContext::Ptr client_context, TlsContext::Ptr server_context) {
    Result<Fd> listener = listen_tcp(any_port());
    WOAD_ASSERT(listener);
    const Address address = local_address(listener->get());
    Fd socket(::socket(address.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    WOAD_ASSERT(::connect(socket.get(), address.raw(), address.raw_size()) == 0);
    fcntl(socket.get(), F_SETFL, O_NONBLOCK);
    const int accepted = ::accept4(listener->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    WOAD_ASSERT(accepted >= 0);
    const Address from = local_address(socket.get());
    client_handshake = connect_tls(loop.scheduler(), blocks,
                                   make_tcp_transport(loop, blocks, socket.release(), address),
                                   std::move(client_context), client_options(), kDeadline, client);
    server_handshake =
        accept_tls(loop.scheduler(), blocks, make_tcp_transport(loop, blocks, accepted, from),
                   std::move(server_context), server_options(), kDeadline, server);
  }
  bool handshake() {
    return run_until(loop, [&] { return client.events > 0 && server.events > 0; });
  }
  static void write(Transport& to, BlockPool& pool, std::string_view text) {
    Buffer data;
    data.append(pool, text);
    to.write(std::move(data));
  }

  BlockPool blocks;
  Loop loop;
  Recorder client_ear;
  Recorder server_ear;
  Outcome client;
  Outcome server;
  std::unique_ptr<TlsHandshake> client_handshake;
  std::unique_ptr<TlsHandshake> server_handshake;
};

TEST_CASE("bulk both ways over TCP, and a close that loses nothing") {
  OverTcp tcp(present_workloads().cart_context, present_workloads().price_context);
  REQUIRE(tcp.handshake());
  REQUIRE(tcp.client.ready);
  REQUIRE(tcp.server.ready);
  CHECK(tcp.server.ready->peer->id == kCartId);
  Transport& client = *tcp.client.ready->transport;
  Transport& server = *tcp.server.ready->transport;
  client.start(tcp.client_ear);
  server.start(tcp.server_ear);
  const std::string bulk = pattern(4 << 20);
  OverTcp::write(client, tcp.blocks, bulk);
  OverTcp::write(server, tcp.blocks, bulk);
  REQUIRE(run_until(tcp.loop, [&] {
    return tcp.client_ear.received.size() == bulk.size() &&
           tcp.server_ear.received.size() == bulk.size();
  }));
  CHECK(tcp.client_ear.received == bulk);
  CHECK(tcp.server_ear.received == bulk);
  CHECK(tcp.client_ear.drained == 1);

  // The server is done, and the client still writes: nothing of the answer may be reset.
  tcp.client_ear.received.clear();
  OverTcp::write(server, tcp.blocks, bulk);
  Transport::close_after_flush(std::move(tcp.server.ready->transport));
  OverTcp::write(client, tcp.blocks, pattern(100000));
  REQUIRE(run_until(tcp.loop, [&] { return tcp.client_ear.eofs == 1; }));
  CHECK(tcp.client_ear.received == bulk);
  CHECK(tcp.client_ear.losses == 0);
  tcp.client.ready->transport.reset();
  REQUIRE(run_until(tcp.loop, [&] { return !tcp.loop.has_owned(); }));
}

TEST_CASE("a refusal reaches the other side as an alert") {
  const Workloads strangers(std::chrono::system_clock::now());
  OverTcp tcp(present_workloads().cart_context, strangers.price_context);
  REQUIRE(tcp.handshake());
  REQUIRE(tcp.client.error);
  REQUIRE(tcp.server.error);
  CHECK(tcp.client.error->kind == TlsError::Kind::kCertificate);
  CHECK(tcp.server.error->kind == TlsError::Kind::kAlert);
  CHECK(tcp.server.error->message.starts_with("127.0.0.1:"));
  CHECK(tcp.server.error->message.ends_with(
      ": the client refused our certificate with the alert unknown_ca (48)"));
  REQUIRE(run_until(tcp.loop, [&] { return !tcp.loop.has_owned(); }));
}

TEST_CASE("a client that goes away in the middle of a handshake") {
  OverTcp tcp(present_workloads().cart_context, present_workloads().price_context);
  tcp.client_handshake.reset();
  REQUIRE(run_until(tcp.loop, [&] { return tcp.server.events > 0; }));
  REQUIRE(tcp.server.error);
  CHECK(tcp.server.error->kind == TlsError::Kind::kLost);
  CHECK(tcp.client.events == 0);
}

}  // namespace
}  // namespace woad::test
