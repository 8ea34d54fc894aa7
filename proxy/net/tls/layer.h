// The class behind tls/transport.h; seen by proxy/net alone.
//
//   handshake ──▶ ready ──start()──▶ open ──close_notify──▶ ended ──▶ gone
//       └───────────┴─────────────────┴────────────────────────────▶┘  (lost, failed, lingering)
//
// While the handshake runs a driver hears of what arrives. Afterwards it is a Transport: plaintext
// is queued here and encrypted at the end of the turn. Without a session (a client that speaks no
// TLS, on a listener that allows it) bytes pass as they are.
#pragma once

#include <memory>
#include <string>

#include "proxy/base/buffer.h"
#include "proxy/base/scheduler.h"
#include "proxy/net/tls/session.h"
#include "proxy/net/transport.h"

namespace woad {

// Who runs the handshake. Each call may destroy the transport.
class TlsDriver {
 public:
  virtual void on_input() = 0;
  virtual void on_input_end() = 0;
  virtual void on_connection_lost(std::string_view why) = 0;

 protected:
  ~TlsDriver() = default;
};

class TlsTransport final : public Transport, private TransportSink, private TurnEnd {
 public:
  // Starts `lower`.
  TlsTransport(Scheduler& scheduler, BlockPool& blocks, std::unique_ptr<Transport> lower,
               TlsDriver& driver);
  ~TlsTransport() override;

  // For the driver, which hears nothing more after ready() (the handshake has succeeded, or there
  // is none) and abandon() (nobody wants the connection any more).
  TlsEnds& ends() { return ends_; }
  void use(std::unique_ptr<TlsSession> session) { session_ = std::move(session); }
  TlsSession* session() { return session_.get(); }
  void ready();
  void abandon();

  void start(TransportSink& sink) override;
  Buffer& output() override { return output_; }
  void wrote() override;
  size_t backlog() const override { return output_.size() + lower_->backlog(); }
  std::optional<uint64_t> acknowledged() const override { return lower_->acknowledged(); }
  uint64_t written() const override { return lower_->written(); }
  bool unacknowledged_since(uint64_t mark) const override {
    return lower_->unacknowledged_since(mark);
  }
  bool input_waits() const override { return lower_->input_waits(); }
  void set_high_water(size_t bytes) override;
  std::unique_ptr<RestingSocket> rest() override;
  void shutdown_write() override;
  void hold_reading(Hold reason, bool on) override;
  void abort_on_destroy() override;
  bool refused() const override {
    return !heard_ && session_ != nullptr && session_->failure().kind == TlsError::Kind::kAlert;
  }
  const Address& peer() const override { return lower_->peer(); }
  const Address& local() const override { return lower_->local(); }

 private:
  enum class State : uint8_t { kHandshake, kReady, kOpen, kEnded, kGone };
  // open ──▶ closing (close_notify behind the queue) ──▶ closed
  enum class Out : uint8_t { kOpen, kClosing, kClosed };
  // On the stack around calls of the sink: tells whether this still lives.
  class Alive {
   public:
    explicit Alive(TlsTransport& self) : self_(&self), outer_(self.alive_) { self.alive_ = this; }
    ~Alive() {
      if (self_ != nullptr) self_->alive_ = outer_;
    }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;

    explicit operator bool() const { return self_ != nullptr; }
    static void end(TlsTransport& self) {
      for (Alive* each = self.alive_; each != nullptr; each = each->outer_) each->self_ = nullptr;
    }

   private:
    TlsTransport* self_;
    Alive* outer_;
  };

  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_drained() override { flush(); }
  void on_lost(std::string_view why) override;
  void on_turn_end() override;
  void linger(std::unique_ptr<Transport> self) override;

  bool may_deliver() const { return state_ == State::kOpen && holds_ == 0; }
  bool has_input() const;
  bool input_done() const;
  void hold_lower();
  void deliver();
  void deliver_block();
  TlsSession::Status fill(char* to, size_t room, size_t& count);
  size_t make_room();
  void settle_block();
  void drop_block();
  void end_input();
  void lose(std::string_view why);
  bool encrypt(size_t ahead);
  bool encrypt_record();
  void flush();

  Scheduler& scheduler_;
  std::unique_ptr<Transport> lower_;  // nullptr once it lingers by itself
  TlsEnds ends_;
  std::unique_ptr<TlsSession> session_;
  TlsDriver* driver_;
  TransportSink* sink_ = nullptr;
  Alive* alive_ = nullptr;
  Buffer output_;  // plaintext
  size_t high_water_ = size_t{64} * 1024;
  // Takes what is decrypted; small pieces one behind the other while the consumer keeps them.
  Block* block_ = nullptr;
  uint32_t block_used_ = 0;
  uint8_t holds_ = 0;
  State state_ = State::kHandshake;
  TlsSession::Status read_status_ = TlsSession::Status::kWantsInput;
  Out out_ = Out::kOpen;
  bool input_ended_ = false;  // the lower transport had a FIN
  bool above_high_water_ = false;
  bool aborted_ = false;
  bool delivering_ = false;
  bool heard_ = false;  // plaintext has come
  std::string lost_;    // why, when it happened before start()
};

}  // namespace woad
