#include "proxy/net/connector.h"

#include <netinet/tcp.h>

#include <cerrno>

#include "proxy/base/timer_wheel.h"
#include "proxy/net/handle.h"
#include "proxy/net/socket.h"
#include "proxy/net/tcp_socket.h"

namespace woad {
namespace {

ConnectError::Kind kind_of(int error) {
  switch (error) {
    case ECONNREFUSED:
    case ECONNRESET: return ConnectError::Kind::kRefused;
    case ETIMEDOUT: return ConnectError::Kind::kTimeout;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN: return ConnectError::Kind::kUnreachable;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return ConnectError::Kind::kNoRoom;
    default: return ConnectError::Kind::kOther;
  }
}

std::string words(int error) {
  if (error != EMFILE) return error_words(error);
  return "no file descriptor is left to connect with; raise the limit (ulimit -n), which is " +
         std::to_string(descriptor_limit());
}

class TcpConnect final : public Connecting, private TurnEnd {
 public:
  TcpConnect(Loop& loop, BlockPool& blocks, const Address& address, ConnectedCallback connected,
             ConnectFailedCallback failed, int share, ConnectFrom from)
      : loop_(loop),
        blocks_(blocks),
        address_(address),
        connected_(std::move(connected)),
        failed_(std::move(failed)),
        share_(share),
        from_(from),
        timeout_(loop.scheduler().timers(), bind_timer<&TcpConnect::on_timeout>(this)) {}

  void begin(Duration timeout) {
    error_ = open();
    if (error_ != 0) {
      loop_.scheduler().at_turn_end(*this);
    } else {
      timeout_.arm(timeout);
    }
  }

 private:
  // The port is chosen with the connection, from all that are free for its far end (ip(7)).
  int bind_to_loopback() {
    const int on = 1;
    setsockopt(socket_.get(), SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const bool v6 = address_.raw()->sa_family == AF_INET6;
    const auto source = Address::from_host(v6 ? "::1" : "127.0.0.6", 0);
    return ::bind(socket_.get(), source->raw(), source->raw_size());
  }

  // 0, or the errno value of a failure that is known at once.
  int open() {
    const int family = address_.raw()->sa_family;
    socket_ = Fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_.valid()) return errno;
    if (socket_.get() >= share_) return EMFILE;
    const int on = 1;
    setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const bool from_loopback = from_ == ConnectFrom::kLoopback;
    if (from_loopback || address_.is_loopback()) skip_pacing(socket_.get());
    if (from_loopback && bind_to_loopback() != 0) return errno;
    if (::connect(socket_.get(), address_.raw(), address_.raw_size()) != 0 &&
        errno != EINPROGRESS) {
      return errno;
    }
    poll_ = make_poll(loop_, socket_.get(), this);
    if (!poll_) return ENOMEM;
    uv_poll_start(poll_.get(), UV_WRITABLE, [](uv_poll_t* poll, int, int) {
      auto* self = owner_in_event<TcpConnect>(poll);
      if (self != nullptr) self->on_writable();
    });
    return 0;
  }

  void on_writable() {
    error_ = take_error(socket_.get());
    if (error_ != 0) {
      fail(kind_of(error_));
      return;
    }
    uv_poll_stop(poll_.get());
    timeout_.disarm();
    auto transport = std::make_unique<TcpTransport>(loop_, blocks_, std::move(socket_),
                                                    std::move(poll_), address_);
    // The callback may destroy this, and itself with it.
    const ConnectedCallback connected = std::move(connected_);
    connected(std::move(transport));
  }

  void on_timeout() {
    error_ = ETIMEDOUT;
    fail(ConnectError::Kind::kTimeout);
  }
  void on_turn_end() override { fail(kind_of(error_)); }

  void fail(ConnectError::Kind kind) {
    timeout_.disarm();
    poll_.reset();
    socket_.reset();
    const ConnectFailedCallback failed = std::move(failed_);
    failed({kind, address_.to_string() + ": " + words(error_)});
  }

  Loop& loop_;
  BlockPool& blocks_;
  Address address_;
  ConnectedCallback connected_;
  ConnectFailedCallback failed_;
  const int share_;
  const ConnectFrom from_;
  Fd socket_;
  Handle<uv_poll_t> poll_;
  Timer timeout_;
  int error_ = 0;
};

}  // namespace

std::unique_ptr<Connecting> connect_tcp(Loop& loop, BlockPool& blocks, const Address& address,
                                        Duration timeout, ConnectedCallback connected,
                                        ConnectFailedCallback failed, int share, ConnectFrom from) {
  auto attempt = std::make_unique<TcpConnect>(loop, blocks, address, std::move(connected),
                                              std::move(failed), share, from);
  attempt->begin(timeout);
  return attempt;
}

}  // namespace woad
