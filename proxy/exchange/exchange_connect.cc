// A CONNECT: answered at once, and what comes inside handed to the owner as a connection.
#include "proxy/exchange/exchange.h"

namespace woad {

void Exchange::accept_connect() {
  // It is nobody's request: those inside have services and routes.
  choice_ = RouteChoice{nullptr, nullptr, settings_};
  auto* head = arena_.make<ResponseHead>(arena_);
  info_.status = head->status;
  writer_.write_head(*head, false, false);
  const bool ended = request_.ended();
  enter_tunnel();
  StreamCarrier& self = *this;
  auto inside = std::make_unique<StreamTransport>(self, worker_.scheduler, client_.address);
  inside_ = inside.get();
  if (ended) inside_->receive(Buffer(), true);
  owner_.on_connect(std::move(inside), request_.head()->authority);
}

void Exchange::lose_inside(std::string_view why) {
  if (inside_ != nullptr) std::exchange(inside_, nullptr)->lose(why);
}

void Exchange::carry(Buffer&& data, bool end) {
  on_tunnel_bytes();
  info_.bytes_sent += data.size();
  writer_.write_data(std::move(data), end);
}

void Exchange::on_carried_gone(bool was_cut) {
  inside_ = nullptr;
  if (state_ == ExchangeState::kEnded) return;
  if (was_cut) release_reason_ = ResetReason::kTunnelLost;
  finish();
}

}  // namespace woad
