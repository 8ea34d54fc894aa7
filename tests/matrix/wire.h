// Two transports joined in memory, with socket buffers of a bounded size between them.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "proxy/net/tls/svid.h"
#include "tests/support/memory_transport.h"

namespace woad::test {

// One end of a connection, as whoever made it hands it over.
struct WireEnd {
  std::unique_ptr<Transport> transport;  // not started
  std::string alpn{};                    // what TLS agreed on
  std::shared_ptr<const Svid> peer{};    // what the other end proved
};

class Wire {
 public:
  virtual ~Wire() = default;
  // Each once.
  virtual WireEnd client_end() = 0;
  virtual WireEnd server_end() = 0;
  // Moves what can be moved; false when nothing could.
  virtual bool pump() = 0;
  // The network breaks: both ends are told.
  virtual void cut() = 0;
  // The FIN of the client's direction.
  virtual void end_client() = 0;
};

class PlainWire final : public Wire {
 public:
  // Bytes that the two socket buffers of one direction hold together.
  static constexpr size_t kSocketBytes = 64 * 1024;

  PlainWire(Scheduler& scheduler, BlockPool& blocks)
      : client_{MemoryPeer(scheduler, blocks)}, server_{MemoryPeer(scheduler, blocks)} {
    client_.peer.accept(kSocketBytes);
    server_.peer.accept(kSocketBytes);
  }

  WireEnd client_end() override { return {client_.peer.connect()}; }
  WireEnd server_end() override { return {server_.peer.connect()}; }
  bool pump() override {
    const bool up = move(client_, server_);
    const bool down = move(server_, client_);
    return up || down;
  }
  void cut() override {
    client_.peer.lose();
    server_.peer.lose();
  }
  void end_client() override { server_.peer.send_eof(); }

 private:
  struct End {
    MemoryPeer peer;
    bool eof_passed = false;
  };

  static bool move(End& from, End& to) {
    const size_t unread = to.peer.unread();
    to.peer.pump();
    bool moved = to.peer.unread() != unread;
    from.peer.accept(kSocketBytes - std::min(kSocketBytes, to.peer.unread()));
    const std::string bytes = from.peer.take_received();
    if (!bytes.empty()) {
      moved = true;
      if (to.peer.closed()) {
        from.peer.lose("broken pipe");
      } else {
        to.peer.send(bytes);
      }
    }
    if (from.eof_passed || (!from.peer.saw_eof() && !from.peer.was_reset())) return moved;
    from.eof_passed = true;
    if (from.peer.was_reset()) {
      to.peer.lose();
    } else {
      to.peer.send_eof();
    }
    return true;
  }

  End client_;
  End server_;
};

}  // namespace woad::test
