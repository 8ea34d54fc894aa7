#include "tests/matrix/tls_wire.h"

#include <doctest/doctest.h>

#include <utility>

namespace woad::test {

TlsWire::TlsWire(Scheduler& scheduler, BlockPool& blocks, const TlsEnds& ends)
    : bytes_(scheduler, blocks) {
  constexpr Duration kTimeout = seconds(10);
  client_.handshake = connect_tls(scheduler, blocks, bytes_.client_end().transport, ends.client,
                                  ends.asks, kTimeout, client_);
  server_.handshake = accept_tls(scheduler, blocks, bytes_.server_end().transport, ends.server,
                                 ends.answers, kTimeout, server_);
  do {
    scheduler.end_turn();
  } while (bytes_.pump());
  REQUIRE(client_.end.transport != nullptr);
  REQUIRE(server_.end.transport != nullptr);
}

void TlsWire::Side::on_tls(TlsReady ready) {
  end = {std::move(ready.transport), std::move(ready.alpn), std::move(ready.peer)};
}

void TlsWire::Side::on_tls_failed(TlsError error) { FAIL(error.message); }

}  // namespace woad::test
