#include "proxy/base/timer_wheel.h"
#include "proxy/net/tls/detect.h"
#include "proxy/net/tls/layer.h"
#include "proxy/net/tls/transport.h"
#include "proxy/net/tls/words.h"

namespace woad {
namespace {

// What is shown of a plaintext answer.
constexpr size_t kShown = 32;

// The first bytes of a buffer, as many as there are and fit.
template <size_t kMost>
std::string first_bytes(const Buffer& buffer) {
  std::string first;
  buffer.for_each([&first](const Slice& slice) {
    first += slice.view().substr(0, kMost - std::min(kMost, first.size()));
  });
  return first;
}

class Handshake final : public TlsHandshake, private TlsDriver, private TurnEnd {
 public:
  Handshake(Scheduler& scheduler, BlockPool& blocks, std::unique_ptr<Transport> lower,
            Duration timeout, TlsHandshakeSink& sink)
      : scheduler_(scheduler),
        sink_(sink),
        timeout_(timeout),
        timer_(scheduler.timers(), bind_timer<&Handshake::on_timeout>(this)),
        transport_(std::make_unique<TlsTransport>(scheduler, blocks, std::move(lower), driver())) {
    timer_.arm(timeout);
  }
  ~Handshake() override {
    if (transport_ == nullptr) return;
    transport_->abandon();
    scheduler_.defer_delete(std::move(transport_));
  }

  // The session is made when the client has begun to speak TLS: one that waits costs little.
  void accept(TlsContext::Ptr context, std::shared_ptr<const TlsServerOptions> options) {
    context_ = std::move(context);
    server_ = std::move(options);
  }

  bool silent() const override { return !recognised_ && transport_->ends().input.empty(); }
  void take_for_plaintext() override { hand_up_plaintext(); }
  void give_up(std::string_view why) override {
    transport_->abort_on_destroy();
    fail(TlsError::Kind::kLost, why);
  }

  void connect(TlsContext::Ptr context, std::shared_ptr<const TlsClientOptions> options) {
    transport_->use(std::make_unique<TlsSession>(transport_->ends(), scheduler_, std::move(context),
                                                 std::move(options)));
    scheduler_.at_turn_end(*this);
  }

 private:
  TlsDriver& driver() { return *this; }
  void on_input() override {
    if (!recognised_ && !recognise()) return;
    step();
  }
  void on_input_end() override { fail(TlsError::Kind::kLost, "closed during the TLS handshake"); }
  void on_connection_lost(std::string_view why) override {
    fail(TlsError::Kind::kLost, "lost during the TLS handshake: " + std::string(why));
  }
  void on_timeout() {
    const auto whole = std::chrono::duration_cast<milliseconds>(timeout_).count();
    fail(TlsError::Kind::kTimeout,
         "the TLS handshake was not done within " + std::to_string(whole) + " ms");
  }
  void on_turn_end() override { step(); }

  // By the first bytes; true: go on with the handshake.
  bool recognise() {
    const bool serving = server_ != nullptr;
    const std::string first = first_bytes<kShown>(transport_->ends().input);
    const LooksLike looks = serving ? looks_like_tls(first) : server_looks_like_tls(first);
    if (looks == LooksLike::kNeedMore) return false;
    recognised_ = true;
    if (looks == LooksLike::kPlaintext) {
      on_plaintext(serving, first);
      return false;
    }
    if (serving) {
      transport_->use(std::make_unique<TlsSession>(transport_->ends(), scheduler_,
                                                   std::move(context_), std::move(server_)));
    }
    return true;
  }

  void on_plaintext(bool serving, std::string_view first) {
    if (serving && server_->allow_plaintext) return hand_up_plaintext();
    fail(TlsError::Kind::kProtocol, std::string(serving ? "the client" : "the server") +
                                        " speaks no TLS, but " + in_quotes(first));
  }

  // The sink may destroy this.
  void hand_up_plaintext() {
    timer_.disarm();
    transport_->ready();
    sink_.on_plaintext(std::move(transport_));
  }

  void step() {
    Transport& lower = transport_->ends().lower;
    const size_t before = lower.backlog();
    TlsSession& session = *transport_->session();
    const TlsSession::Status status = session.handshake();
    if (lower.backlog() != before) lower.wrote();
    switch (status) {
      case TlsSession::Status::kWantsInput: return;
      case TlsSession::Status::kDone: succeed(session); return;
      case TlsSession::Status::kClosed: on_input_end(); return;
      case TlsSession::Status::kFailed:
        fail(session.failure().kind, session.failure().message);
        return;
    }
  }

  // The sink may destroy this.
  void succeed(TlsSession& session) {
    timer_.disarm();
    unlink();
    transport_->ready();
    TlsReady ready{nullptr, session.alpn(), session.peer()};
    ready.transport = std::move(transport_);
    sink_.on_tls(std::move(ready));
  }

  void fail(TlsError::Kind kind, std::string_view why) {
    timer_.disarm();
    unlink();
    const Address& peer = transport_->peer();
    TlsError error{kind, (peer.valid() ? peer.to_string() + ": " : "") + std::string(why)};
    transport_->abandon();
    if (kind == TlsError::Kind::kTimeout || kind == TlsError::Kind::kLost) {
      scheduler_.defer_delete(std::move(transport_));
    } else {  // an alert may be on its way
      Transport::close_after_flush(std::move(transport_));
    }
    sink_.on_tls_failed(std::move(error));
  }

  Scheduler& scheduler_;
  TlsHandshakeSink& sink_;
  Duration timeout_;
  Timer timer_;
  std::unique_ptr<TlsTransport> transport_;  // until it is handed over
  // Of a server, until the session is made.
  TlsContext::Ptr context_;
  std::shared_ptr<const TlsServerOptions> server_;
  bool recognised_ = false;
};

}  // namespace

std::unique_ptr<TlsHandshake> accept_tls(Scheduler& scheduler, BlockPool& blocks,
                                         std::unique_ptr<Transport> lower, TlsContext::Ptr context,
                                         std::shared_ptr<const TlsServerOptions> options,
                                         Duration timeout, TlsHandshakeSink& sink) {
  auto handshake = std::make_unique<Handshake>(scheduler, blocks, std::move(lower), timeout, sink);
  handshake->accept(std::move(context), std::move(options));
  return handshake;
}

std::unique_ptr<TlsHandshake> connect_tls(Scheduler& scheduler, BlockPool& blocks,
                                          std::unique_ptr<Transport> lower, TlsContext::Ptr context,
                                          std::shared_ptr<const TlsClientOptions> options,
                                          Duration timeout, TlsHandshakeSink& sink) {
  auto handshake = std::make_unique<Handshake>(scheduler, blocks, std::move(lower), timeout, sink);
  handshake->connect(std::move(context), std::move(options));
  return handshake;
}

}  // namespace woad
