// The class behind make_tcp_transport() and connect_tcp(); seen by proxy/net alone.
//
// It watches the socket by uv_poll and calls read(2) and sendmsg(2) itself: one read an event
// (more only behind a full one) and one write a turn, no epoll_ctl in steady state.
#pragma once

#include <memory>

#include "proxy/net/handle.h"
#include "proxy/net/linger.h"
#include "proxy/net/resting_socket.h"
#include "proxy/net/socket.h"
#include "proxy/net/tcp_info.h"
#include "proxy/net/tcp_transport.h"

namespace woad {

// Whoever a watched socket is of at the moment: the owner (`data`) of its poll handle.
class SocketOwner {
 public:
  virtual void on_event(int status, int events) = 0;

 protected:
  ~SocketOwner() = default;
};

class TcpTransport final : public Transport, private TurnEnd, private SocketOwner {
 public:
  // The poll handle is of that socket, and waits for the events `watched` already.
  TcpTransport(Loop& loop, BlockPool& blocks, Fd socket, Handle<uv_poll_t> poll,
               const Address& peer, int watched = 0);
  ~TcpTransport() override;

  void start(TransportSink& sink) override;
  Buffer& output() override { return output_; }
  void wrote() override;
  size_t backlog() const override { return output_.size(); }
  std::optional<uint64_t> acknowledged() const override {
    return acknowledged_bytes(socket_.get());
  }
  uint64_t written() const override { return written_; }
  bool unacknowledged_since(uint64_t mark) const override;
  bool input_waits() const override;
  void set_high_water(size_t bytes) override { high_water_ = bytes; }
  std::unique_ptr<RestingSocket> rest() override;
  void shutdown_write() override;
  void hold_reading(Hold reason, bool on) override;
  void abort_on_destroy() override { reset_on_destroy_ = true; }
  const Address& peer() const override { return peer_; }
  const Address& local() const override;

 private:
  // not started ──▶ open ──▶ ended (FIN, or lost)
  enum class In : uint8_t { kNotStarted, kOpen, kEnded };
  // open ──▶ closing (FIN behind the queue) ──▶ closed; failed from any
  enum class Out : uint8_t { kOpen, kClosing, kClosed, kFailed };
  // How much is read at once: little at first, more while reads come back full.
  static constexpr uint32_t kReadSizes[] = {16 * 1024, 32 * 1024};
  // Reads in one event, while they come back full: all of it leaves in one write (64 KiB over
  // loopback: 30 us of CPU with one read an event, 25 us with up to four).
  static constexpr int kMostReads = 4;

  bool is_lost() const { return in_ == In::kEnded && out_ == Out::kFailed; }
  void linger(std::unique_ptr<Transport> self) override;
  void on_turn_end() override;
  void on_event(int status, int events) override;
  void on_socket_error();
  void on_fin();
  void on_write_error(int error);
  void read();
  // True when there may be more.
  bool read_once();
  void adapt(size_t count, size_t size);
  void deliver(Block* block, size_t count);
  void flush();
  void watch();
  void watch_writing();
  void watch_for(int events);
  void lose(int error);

  Loop& loop_;
  BlockPool& blocks_;
  TransportSink* sink_ = nullptr;
  Fd socket_;
  int watched_;  // events that the poll handle waits for
  Handle<uv_poll_t> poll_;
  Buffer output_;
  uint64_t written_ = 0;
  size_t high_water_ = size_t{64} * 1024;
  // Takes small reads one behind the other while slices of it are kept; else nullptr.
  Block* small_ = nullptr;
  uint16_t small_used_ = 0;
  uint8_t holds_ = 0;
  uint8_t read_class_ = 0;  // of kReadSizes
  In in_ = In::kNotStarted;
  Out out_ = Out::kOpen;
  bool blocked_ = false;  // the kernel takes no more for now
  bool above_high_water_ = false;
  bool reset_on_destroy_ = false;
  int write_error_ = 0;
  Address peer_;
  mutable std::unique_ptr<Address> local_;  // asked for at first use
};

}  // namespace woad
