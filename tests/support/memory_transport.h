// A transport in memory, and the test's end of it.
//
//   MemoryPeer peer(scheduler, blocks);
//   std::unique_ptr<Transport> transport = peer.connect();
//   …give it to the code under test, which calls start()…
//   peer.send("GET / HTTP/1.1\r\n\r\n");   // on_bytes, now, unless reading is held
//   scheduler.end_turn();                  // the code's output is flushed to peer.received()
//
// The peer outlives the transport and keeps what it saw of it. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/base/buffer.h"
#include "proxy/base/result.h"
#include "proxy/base/scheduler.h"
#include "proxy/net/resting_socket.h"
#include "proxy/net/transport.h"

namespace woad {

class MemoryTransport;
class MemoryResting;

class MemoryPeer {
 public:
  MemoryPeer(Scheduler& scheduler, BlockPool& blocks) : scheduler_(scheduler), blocks_(blocks) {}
  ~MemoryPeer();
  MemoryPeer(const MemoryPeer&) = delete;
  MemoryPeer& operator=(const MemoryPeer&) = delete;

  // The code's end; once a peer.
  std::unique_ptr<Transport> connect();

  // What the peer does. Bytes wait while reading is held; pump() delivers what waits.
  void send(std::string_view bytes);
  // In pieces of `piece` bytes, each a read (and a turn) of its own.
  void send_in_pieces(std::string_view bytes, size_t piece);
  void send_eof();
  void lose(std::string_view why = "connection reset by peer");
  void pump();
  // Takes at most `bytes` more of what is written (SIZE_MAX, the start: everything); what is over
  // stays in backlog(). Giving room writes at once, as a socket that became writable.
  void accept(size_t bytes);

  // What the peer saw.
  const std::string& received() const { return received_; }
  // The bytes received since the last call.
  std::string take_received() { return std::exchange(received_, {}); }
  bool saw_eof() const { return saw_eof_; }  // FIN, by shutdown_write or close
  bool closed() const { return closed_; }    // the transport was destroyed
  bool was_reset() const { return reset_; }  // ... after abort_on_destroy
  int flushes() const { return flushes_; }   // turns in which something was written
  size_t unread() const { return inbox_.size(); }
  bool reading_held() const { return holds_ != 0; }
  bool held(Hold reason) const { return (holds_ & static_cast<uint8_t>(reason)) != 0; }
  // How often reading was stopped or started for real.
  int hold_changes() const { return hold_changes_; }

  bool unread_end = false;    // its FIN has come, and nobody has read it yet
  bool ended_before = false;  // its FIN acknowledges nothing of what it received last
  bool may_rest = false;      // the transport does when it is asked to
  bool resting() const { return resting_ != nullptr; }

 private:
  friend class MemoryTransport;
  friend class MemoryResting;
  Scheduler& scheduler_;
  BlockPool& blocks_;
  MemoryTransport* transport_ = nullptr;
  MemoryResting* resting_ = nullptr;
  std::string inbox_;
  bool inbox_eof_ = false;
  std::string received_;
  size_t room_ = SIZE_MAX;
  bool saw_eof_ = false;
  bool closed_ = false;
  bool reset_ = false;
  int flushes_ = 0;
  uint8_t holds_ = 0;
  int hold_changes_ = 0;
};

class MemoryTransport final : public Transport, private TurnEnd {
 public:
  explicit MemoryTransport(MemoryPeer& peer) : peer_(&peer) {}
  ~MemoryTransport() override;

  void start(TransportSink& sink) override;
  Buffer& output() override { return output_; }
  void wrote() override;
  size_t backlog() const override { return output_.size(); }
  std::optional<uint64_t> acknowledged() const override { return taken_; }
  uint64_t written() const override { return taken_; }
  bool unacknowledged_since(uint64_t mark) const override {
    return taken_ <= mark || (peer_ != nullptr && peer_->ended_before);
  }
  bool input_waits() const override { return peer_ != nullptr && peer_->unread_end; }
  void set_high_water(size_t bytes) override { high_water_ = bytes; }
  std::unique_ptr<RestingSocket> rest() override;
  void shutdown_write() override;
  void hold_reading(Hold reason, bool on) override;
  void abort_on_destroy() override { abort_ = true; }
  const Address& peer() const override { return peer_address_; }
  const Address& local() const override { return local_address_; }

  void set_addresses(const Address& peer, const Address& local) {
    peer_address_ = peer;
    local_address_ = local;
  }

 private:
  friend class MemoryPeer;
  void on_turn_end() override { flush(); }
  void linger(std::unique_ptr<Transport> self) override;
  void flush();

  MemoryPeer* peer_;  // nullptr once the peer is gone
  TransportSink* sink_ = nullptr;
  Buffer output_;
  size_t high_water_ = 64 * 1024;
  uint64_t taken_ = 0;
  bool above_high_water_ = false;
  bool fin_wanted_ = false;
  bool lost_ = false;
  bool abort_ = false;
  Address peer_address_;
  Address local_address_;
};

class MemoryResting final : public RestingSocket {
 public:
  explicit MemoryResting(MemoryPeer& peer) : peer_(&peer) { peer.resting_ = this; }
  ~MemoryResting() override;

  void start(RestingSink& sink) override { sink_ = &sink; }
  std::unique_ptr<Transport> wake(BlockPool& blocks) override;

 private:
  friend class MemoryPeer;
  MemoryPeer* peer_;  // nullptr once awake
  RestingSink* sink_ = nullptr;
};

}  // namespace woad
