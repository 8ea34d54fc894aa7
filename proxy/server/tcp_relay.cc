#include "proxy/server/tcp_relay.h"

#include "proxy/server/connection_story.h"

namespace woad {
namespace {

constexpr size_t kHighWater = 64 * 1024;

}  // namespace

TcpRelay::TcpRelay(RelayHost& host, WorkerContext& worker, ClientArrival client)
    : host_(host),
      worker_(worker),
      address_(client.transport->peer()),
      client_(*this),
      app_(*this),
      idle_(worker.scheduler.timers(), bind_timer<&TcpRelay::on_idle>(this)),
      tls_(std::move(client.tls)),
      age_(worker.scheduler, *this) {
  if (tls_ != nullptr) {
    age_.end_with_certificate(certificates_end(*tls_, client.identity.get()));
  }
  tell_served(worker, address_, Protocol::kTcp,
              client.identity == nullptr ? std::string_view() : client.identity->id, client.alpn);
  client_.transport = std::move(client.transport);
  client_.other = &app_;
  app_.other = &client_;
}

TcpRelay::~TcpRelay() {
  for (Side* side : {&client_, &app_}) {
    if (side->transport != nullptr) Transport::close_after_flush(std::move(side->transport));
  }
}

void TcpRelay::start(Dialer& dialer, const Service& service, const Pool& pool,
                     const Endpoint& endpoint) {
  DialSink& self = *this;
  dial_ = std::make_unique<AddressDial>(worker_.scheduler, dialer, service, pool, endpoint, self);
}

void TcpRelay::on_dialed(Dialed dialed) {
  dial_.reset();
  app_.transport = std::move(dialed.transport);
  for (Side* side : {&client_, &app_}) {
    side->transport->set_high_water(kHighWater);
    side->transport->start(*side);
  }
  idle_.arm(kIdle);
}

void TcpRelay::on_dial_failed(DialFailure failure) {
  client_.transport->abort_on_destroy();
  client_.transport.reset();
  close(failure.message);
}

void TcpRelay::Side::on_bytes(Slice bytes) {
  relay_.idle_.arm(kIdle);
  Buffer data;
  data.append(std::move(bytes));
  other->transport->write(std::move(data));
  if (other->transport->backlog() > kHighWater) transport->hold_reading(Hold::kBacklog, true);
}

void TcpRelay::Side::on_drained() { other->transport->hold_reading(Hold::kBacklog, false); }

void TcpRelay::Side::on_eof() {
  ended = true;
  other->transport->shutdown_write();
  if (other->ended) relay_.close("both sides have ended");
}

void TcpRelay::close(std::string_view why) {
  if (closing_) return;
  closing_ = true;
  tell_gone(worker_, address_, 0, why);
  dial_.reset();
  idle_.disarm();
  age_.stop();
  host_.on_relay_closed(*this);
}

}  // namespace woad
