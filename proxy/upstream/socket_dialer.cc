#include "proxy/upstream/socket_dialer.h"

#include <algorithm>
#include <utility>

#include "proxy/net/connector.h"
#include "proxy/net/tls/transport.h"
#include "proxy/upstream/tls_results.h"

namespace woad {
namespace {

DialFailure failure_of(ConnectError error) {
  switch (error.kind) {
    case ConnectError::Kind::kNoRoom:
      return {"connection_limit_reached", std::move(error.message), DialFailure::Cause::kOurs};
    case ConnectError::Kind::kTimeout: return {"connection_timeout", std::move(error.message)};
    default: return {"connection_refused", std::move(error.message)};
  }
}

// RFC 9209 section 2.3.
std::string_view proxy_status(TlsError::Kind kind) {
  switch (kind) {
    case TlsError::Kind::kAlert: return "tls_alert_received";
    case TlsError::Kind::kCertificate: return "tls_certificate_error";
    case TlsError::Kind::kTimeout: return "connection_timeout";
    case TlsError::Kind::kProtocol:
    case TlsError::Kind::kLost: break;
  }
  return "tls_protocol_error";
}

// Connecting, then the handshake; one deadline for both.
class SocketDial final : public Dial, private TlsHandshakeSink {
 public:
  SocketDial(Loop& loop, BlockPool& blocks, WorkerMetrics* metrics, const Address& address,
             std::shared_ptr<const Channel> channel, DialSink& sink, int share)
      : loop_(loop),
        blocks_(blocks),
        metrics_(metrics),
        channel_(std::move(channel)),
        deadline_(loop.scheduler().now() + channel_->connect_timeout),
        sink_(sink),
        connecting_(connect_tcp(
            loop, blocks, address, channel_->connect_timeout,
            [this](std::unique_ptr<Transport> transport) { on_connected(std::move(transport)); },
            [this](ConnectError error) { sink_.on_dial_failed(failure_of(std::move(error))); },
            share, channel_->from_loopback ? ConnectFrom::kLoopback : ConnectFrom::kAnywhere)) {}

 private:
  void count(std::string_view result) {
    if (metrics_ != nullptr) count_handshake(*metrics_, Direction::kOutbound, result);
  }
  void on_connected(std::unique_ptr<Transport> transport) {
    if (channel_->tls == nullptr) {
      sink_.on_dialed({.transport = std::move(transport)});
      return;
    }
    Scheduler& scheduler = loop_.scheduler();
    const Duration rest = std::max<Duration>(deadline_ - scheduler.now(), milliseconds(1));
    handshake_ = connect_tls(scheduler, blocks_, std::move(transport), channel_->tls,
                             channel_->tls_options, rest, *this);
  }

  void on_tls(TlsReady ready) override {
    count("ok");
    const WallTime until = certificates_end(*channel_->tls, ready.peer.get());
    sink_.on_dialed({std::move(ready.transport), std::move(ready.alpn), until,
                     ready.peer == nullptr ? std::string() : ready.peer->id});
  }
  void on_tls_failed(TlsError error) override {
    count(to_string(error.kind));
    sink_.on_dial_failed(
        {proxy_status(error.kind), std::move(error.message), DialFailure::Cause::kNotAgreed});
  }

  Loop& loop_;
  BlockPool& blocks_;
  WorkerMetrics* metrics_;
  std::shared_ptr<const Channel> channel_;
  MonoTime deadline_;
  DialSink& sink_;
  std::unique_ptr<TlsHandshake> handshake_;
  std::unique_ptr<Connecting> connecting_;
};

class SocketDialer final : public Dialer {
 public:
  SocketDialer(Loop& loop, BlockPool& blocks, WorkerMetrics* metrics, int share)
      : loop_(loop), blocks_(blocks), metrics_(metrics), share_(share) {}
  std::unique_ptr<Dial> dial(const Address& address, const std::shared_ptr<const Channel>& channel,
                             DialSink& sink) override {
    return std::make_unique<SocketDial>(loop_, blocks_, metrics_, address, channel, sink, share_);
  }

 private:
  Loop& loop_;
  BlockPool& blocks_;
  WorkerMetrics* metrics_;
  const int share_;
};

}  // namespace

std::unique_ptr<Dialer> make_dialer(Loop& loop, BlockPool& blocks, WorkerMetrics* metrics,
                                    int share) {
  return std::make_unique<SocketDialer>(loop, blocks, metrics, share);
}

}  // namespace woad
