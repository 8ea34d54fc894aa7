#include "proxy/server/tcp_dialer.h"

#include "proxy/net/connector.h"

namespace woad {
namespace {

std::string_view proxy_status(ConnectError::Kind kind) {
  return kind == ConnectError::Kind::kTimeout ? "connection_timeout" : "connection_refused";
}

class TcpDial final : public Dial {
 public:
  TcpDial(Loop& loop, BlockPool& blocks, const Address& address, Duration timeout, DialSink& sink)
      : connecting_(connect_tcp(
            loop, blocks, address, timeout,
            [&sink](std::unique_ptr<Transport> transport) { sink.on_dialed(std::move(transport)); },
            [&sink](ConnectError error) {
              sink.on_dial_failed({proxy_status(error.kind), std::move(error.message)});
            })) {}

 private:
  std::unique_ptr<Connecting> connecting_;
};

class TcpDialer final : public Dialer {
 public:
  TcpDialer(Loop& loop, BlockPool& blocks) : loop_(loop), blocks_(blocks) {}
  std::unique_ptr<Dial> dial(const Address& address, Duration timeout, DialSink& sink) override {
    return std::make_unique<TcpDial>(loop_, blocks_, address, timeout, sink);
  }

 private:
  Loop& loop_;
  BlockPool& blocks_;
};

}  // namespace

std::unique_ptr<Dialer> make_tcp_dialer(Loop& loop, BlockPool& blocks) {
  return std::make_unique<TcpDialer>(loop, blocks);
}

}  // namespace woad
