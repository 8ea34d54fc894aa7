// The bytes of one stream as a connection of their own: what comes inside a CONNECT.
//
// A Transport whose bytes come from a stream's on_data and go to its write_data, so that whatever
// serves an accepted socket serves it too. Stream and transport end in either order; the one that
// goes first tells the other. One thread.
#pragma once

#include <string>

#include "proxy/base/buffer.h"
#include "proxy/base/scheduler.h"
#include "proxy/net/transport.h"

namespace woad {

// The side of the stream. It tells the transport what the stream's sink hears.
class StreamCarrier {
 public:
  // As those of StreamWriter.
  virtual void carry(Buffer&& data, bool end) = 0;
  virtual bool carrier_writable() const = 0;
  virtual void hold_carrier(bool on) = 0;
  // The last call: the transport is gone. `cut`: not in order, with bytes that were dropped or a
  // reset; else the end has been written.
  virtual void on_carried_gone(bool cut) = 0;

 protected:
  ~StreamCarrier() = default;
};

class StreamTransport final : public Transport, private TurnEnd {
 public:
  StreamTransport(StreamCarrier& carrier, Scheduler& scheduler, const Address& peer)
      : carrier_(&carrier), scheduler_(scheduler), peer_(peer) {
    carrier.hold_carrier(true);
  }
  ~StreamTransport() override;

  // From the stream: on_data, on_writable, and its death, after which the carrier is not called.
  void receive(Buffer&& data, bool end);
  void on_carrier_writable() { scheduler_.at_turn_end(*this); }
  void lose(std::string_view why);

  void start(TransportSink& sink) override;
  Buffer& output() override { return output_; }
  void wrote() override;
  size_t backlog() const override { return output_.size(); }
  uint64_t written() const override { return written_; }
  void set_high_water(size_t bytes) override { high_water_ = bytes; }
  void shutdown_write() override;
  void hold_reading(Hold reason, bool on) override;
  void abort_on_destroy() override { aborted_ = true; }
  const Address& peer() const override { return peer_; }
  const Address& local() const override { return local_; }

 private:
  enum class In : uint8_t { kNotStarted, kOpen, kEnded };
  // open ──▶ closing (the end behind the queue) ──▶ closed
  enum class Out : uint8_t { kOpen, kClosing, kClosed };

  void linger(std::unique_ptr<Transport> self) override;
  void on_turn_end() override;
  void hold();
  void flush();
  void deliver();

  StreamCarrier* carrier_;  // nullptr once the stream is gone
  Scheduler& scheduler_;
  TransportSink* sink_ = nullptr;
  Address peer_;
  Address local_;  // there is none
  Buffer input_;   // what came before start(), or while reading is held
  Buffer output_;
  uint64_t written_ = 0;
  std::string lost_;  // why, until the sink was told
  size_t high_water_ = size_t{64} * 1024;
  In in_ = In::kNotStarted;
  Out out_ = Out::kOpen;
  uint8_t holds_ = 0;
  bool input_ended_ = false;
  bool above_high_water_ = false;
  bool aborted_ = false;
};

}  // namespace woad
