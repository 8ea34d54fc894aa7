// A transport whose peer is listened to before anyone takes it over: has it said anything yet?
//
//   listening ──bytes, end or loss──▶ heard
//       └───────────start()───────────┴──▶ open   (what was heard comes first)
// One thread.
#pragma once

#include <memory>
#include <string>

#include "proxy/base/buffer.h"
#include "proxy/base/scheduler.h"
#include "proxy/net/transport.h"

namespace woad {

class FirstWordSink {
 public:
  // Once, before start(): the peer has said something, which waits, or has ended the connection.
  virtual void on_first_word() = 0;

 protected:
  ~FirstWordSink() = default;
};

class FirstWordTransport final : public Transport, private TransportSink, private TurnEnd {
 public:
  // `lower` is connected and not started. Scheduler and sink outlive the listening.
  FirstWordTransport(Scheduler& scheduler, std::unique_ptr<Transport> lower,
                     FirstWordSink& listener);

  bool heard() const { return state_ == State::kHeard; }

  void start(TransportSink& sink) override;
  Buffer& output() override { return lower_->output(); }
  void wrote() override { lower_->wrote(); }
  size_t backlog() const override { return lower_->backlog(); }
  std::optional<uint64_t> acknowledged() const override { return lower_->acknowledged(); }
  uint64_t written() const override { return lower_->written(); }
  bool unacknowledged_since(uint64_t mark) const override {
    return lower_->unacknowledged_since(mark);
  }
  void set_high_water(size_t bytes) override { lower_->set_high_water(bytes); }
  bool input_waits() const override { return heard() || lower_->input_waits(); }
  void shutdown_write() override { lower_->shutdown_write(); }
  void hold_reading(Hold reason, bool on) override { lower_->hold_reading(reason, on); }
  void abort_on_destroy() override { lower_->abort_on_destroy(); }
  bool refused() const override { return lower_->refused(); }
  const Address& peer() const override { return lower_->peer(); }
  const Address& local() const override { return lower_->local(); }

 private:
  enum class State : uint8_t { kListening, kHeard, kOpen };

  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_drained() override;
  void on_lost(std::string_view why) override;
  void linger(std::unique_ptr<Transport> self) override;
  void on_turn_end() override;
  void note();

  Scheduler& scheduler_;
  FirstWordSink& listener_;
  std::unique_ptr<Transport> lower_;
  TransportSink* sink_ = nullptr;  // once open
  // What was heard, until the sink has it.
  Buffer words_;
  bool ended_ = false;
  std::string lost_{};  // why; "": it is not
  State state_ = State::kListening;
};

}  // namespace woad
