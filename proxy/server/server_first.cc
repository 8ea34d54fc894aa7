#include "proxy/server/server_first.h"

#include <utility>

#include "proxy/snapshot/route_choice.h"
#include "proxy/upstream/balancer.h"

namespace woad {

ServerFirst::ServerFirst(ServerFirstHost& host, const WorkerContext& worker, Dialer& dialer,
                         LivePools& pools, const Service& service, const Address& called)
    : host_(&host),
      scheduler_(worker.scheduler),
      pools_(pools),
      service_(service.shared_from_this()),
      pool_(service.pools().front()) {
  const Endpoint* endpoint = choose(worker.random, called);
  if (endpoint == nullptr) return;
  DialSink& self = *this;
  dial_ = std::make_unique<AddressDial>(scheduler_, dialer, service, pool_, *endpoint, self);
}

ServerFirst::~ServerFirst() {
  if (transport_ != nullptr) scheduler_.defer_delete(std::move(transport_));
}

const Endpoint* ServerFirst::choose(Random& random, const Address& called) const {
  const Endpoint* there = pool_.find(called);
  if (there != nullptr) return there;
  return pick(pools_.of(*service_, pool_), BalancerPolicy::kRandom, random,
              [this](const Endpoint& endpoint) {
                const MonoTime now = scheduler_.now();
                return endpoint.may_answer(now) && !passed_over(pool_, endpoint, now);
              });
}

void ServerFirst::on_dialed(Dialed dialed) {
  FirstWordSink& self = *this;
  transport_ = std::make_unique<FirstWordTransport>(scheduler_, std::move(dialed.transport), self);
  dialed_ = std::move(dialed);
  dial_.reset();
}

void ServerFirst::on_dial_failed(DialFailure failure) { host_->on_no_server(failure.message); }

std::optional<Address> ServerFirst::adopt(Protocol protocol) {
  const bool fits = protocol == Protocol::kTcp || service_->channel->tls == nullptr;
  if (transport_ == nullptr || !fits) return std::nullopt;
  const Endpoint* endpoint = pool_.find(dialed_.address);
  if (endpoint == nullptr) return std::nullopt;
  dialed_.transport = std::move(transport_);
  pools_.of(*service_, pool_).state(*endpoint).pool(protocol).adopt(std::move(dialed_));
  return endpoint->address;
}

std::unique_ptr<ServerFirst> ask_server(ServerFirstHost& host, const Headed& headed,
                                        const ListenerSpec& listener, SnapshotView& view,
                                        const WorkerContext& worker, Dialer& dialer) {
  if (headed.there == nullptr || !listener.destinations.anywhere) return nullptr;
  const ServiceEntry* entry = nullptr;
  if (listener.direction == Direction::kOutbound) {
    entry = opaque_service_at(view.snapshot(), headed.original, false, "");
  }
  const Service& service = (entry == nullptr ? *headed.there : *entry).service;
  return std::make_unique<ServerFirst>(host, worker, dialer, view.upstreams(), service,
                                       headed.endpoint);
}

}  // namespace woad
