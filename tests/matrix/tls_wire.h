// A wire with TLS on both ends, its hands shaken.
#pragma once

#include <memory>

#include "proxy/net/tls/transport.h"
#include "tests/matrix/wire.h"

namespace woad::test {

// Who the ends are, and what they say of it.
struct TlsEnds {
  TlsContext::Ptr client;
  std::shared_ptr<const TlsClientOptions> asks;
  TlsContext::Ptr server;
  std::shared_ptr<const TlsServerOptions> answers;
};

class TlsWire final : public Wire {
 public:
  // Runs turns of the scheduler until the handshake is over, so not from inside one.
  TlsWire(Scheduler& scheduler, BlockPool& blocks, const TlsEnds& ends);

  WireEnd client_end() override { return std::move(client_.end); }
  WireEnd server_end() override { return std::move(server_.end); }
  bool pump() override { return bytes_.pump(); }
  void cut() override { bytes_.cut(); }
  void end_client() override { bytes_.end_client(); }

 private:
  struct Side final : TlsHandshakeSink {
    void on_tls(TlsReady ready) override;
    void on_tls_failed(TlsError error) override;

    WireEnd end;
    std::unique_ptr<TlsHandshake> handshake;
  };

  PlainWire bytes_;
  Side client_;
  Side server_;
};

}  // namespace woad::test
