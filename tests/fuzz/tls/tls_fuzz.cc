// Any bytes at a TLS server, at any moment of a connection: nobody without a proven identity is let
// in, and what a client that has one said comes out unchanged or not at all.
//
// The first byte of the input says when: after so many flights of a client that holds a good
// certificate, or shows none, the input takes its place on the wire.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/net/tls/transport.h"
#include "tests/net/tls/peer.h"
#include "tests/support/memory_transport.h"
#include "tests/support/workloads.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr std::string_view kSaid = "said by one who was let in";

// What comes of one connection.
class Server final : public TlsHandshakeSink, public TransportSink {
 public:
  Server(Scheduler& scheduler, BlockPool& blocks, MemoryPeer& wire, bool allow_plaintext)
      : allow_plaintext_(allow_plaintext),
        handshake_(accept_tls(scheduler, blocks, wire.connect(), workloads().price_context,
                              std::make_shared<const TlsServerOptions>(
                                  TlsServerOptions{alpn_wire({"h2", "http/1.1"}), allow_plaintext}),
                              seconds(10), *this)) {}

  // As a client that shows its certificate is known; one without has never been let in.
  void check(bool client_has_certificate) const {
    WOAD_ASSERT(events_ <= 1);
    if (peer_ != nullptr) {
      WOAD_ASSERT(client_has_certificate && peer_->id == kCartId);
      // Cut, but never changed.
      WOAD_ASSERT(kSaid.starts_with(received_));
    } else if (!plaintext_) {
      WOAD_ASSERT(received_.empty());
    }
  }

 private:
  void on_tls(TlsReady ready) override {
    ++events_;
    WOAD_ASSERT(ready.peer != nullptr);
    peer_ = std::move(ready.peer);
    begin(std::move(ready.transport));
  }
  void on_tls_failed(TlsError error) override {
    ++events_;
    WOAD_ASSERT(!error.message.empty() && error.message.size() < 2000);
    for (const char c : error.message) WOAD_ASSERT(c >= 0x20 && c < 0x7f);
  }
  void on_plaintext(std::unique_ptr<Transport> transport) override {
    ++events_;
    WOAD_ASSERT(allow_plaintext_);
    plaintext_ = true;
    begin(std::move(transport));
  }
  void begin(std::unique_ptr<Transport> transport) {
    transport_ = std::move(transport);
    transport_->start(*this);
  }
  void on_bytes(Slice bytes) override {
    WOAD_ASSERT(!ended_);
    received_.append(bytes.view());
  }
  void on_eof() override { end(); }
  void on_lost(std::string_view) override { end(); }
  void on_drained() override {}
  void end() {
    WOAD_ASSERT(!ended_);
    ended_ = true;
  }

  bool allow_plaintext_;
  int events_ = 0;
  bool plaintext_ = false;
  bool ended_ = false;
  std::shared_ptr<const Svid> peer_;
  std::string received_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<TlsHandshake> handshake_;
};

void run(unsigned when, std::string_view input) {
  const unsigned flights = when & 3;
  const bool has_certificate = (when & 4) == 0;
  const size_t piece = (when & 8) == 0 ? SIZE_MAX : 7;
  Scheduler scheduler{MonoTime(seconds(1000)), kCertificateNow};
  BlockPool blocks;
  MemoryPeer wire(scheduler, blocks);
  Server server(scheduler, blocks, wire, (when & 16) != 0);
  OpensslPeer::Settings settings;
  if (has_certificate) settings.certificate = workloads().cart.certificate;
  if (has_certificate) settings.key = workloads().cart.key;
  OpensslPeer client(settings);
  for (unsigned i = 0; i < flights; ++i) {
    client.feed(wire.take_received());
    client.step();
    if (client.done() && i == 2) client.write(kSaid);
    wire.send(client.take_output());
    scheduler.end_turn();
  }
  wire.send_in_pieces(input, std::min(piece, input.size() + 1));
  scheduler.end_turn();
  wire.send_eof();
  scheduler.end_turn();
  server.check(has_certificate);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
