// One worker's live state of one address over one channel: connections and load. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proxy/upstream/connection_pool.h"
#include "proxy/upstream/peak_ewma.h"
#include "proxy/upstream/service.h"

namespace woad {

class EndpointState {
 public:
  EndpointState(PoolContext& context, const Endpoint& endpoint,
                std::shared_ptr<const Channel> channel)
      : context_(context),
        address_(endpoint.address),
        name_(endpoint.name),
        health_(endpoint.health),
        channel_(std::move(channel)) {}

  // `protocol`: what the request is to be sent in; with TLS, HTTP/2 is what is hoped for, and the
  // handshake decides.
  ConnectionPool& pool(Protocol protocol) {
    auto& pool = pools_[place_of(protocol)];
    if (pool == nullptr) {
      pool = std::make_unique<ConnectionPool>(context_, address_, name_, *health_, protocol,
                                              channel_for(protocol));
    }
    return *pool;
  }

  template <class F>
  void for_each_pool(F&& visit) {
    for (auto& pool : pools_) {
      if (pool != nullptr) visit(*pool);
    }
  }
  // Lets go of all connections, those at work when they have done it.
  void drain() {
    for_each_pool([](ConnectionPool& pool) { pool.drain(); });
  }
  bool empty() {
    bool empty = active == 0;
    for_each_pool([&](ConnectionPool& pool) { empty = empty && pool.empty(); });
    return empty;
  }

  const std::string& name() const { return name_; }
  EndpointHealth& health() const { return *health_; }

  MonoTime now() const { return context_.scheduler.now(); }

  // Attempts under way.
  uint32_t active = 0;
  // How long answers take, kept where the service is balanced by it.
  PeakEwma latency;
  // The newest snapshot has it (EndpointRegistry).
  bool current = true;

 private:
  const std::shared_ptr<const Channel>& channel_for(Protocol protocol) const {
    if (protocol == Protocol::kTcp) return for_opaque(channel_);
    return protocol == Protocol::kHttp2 || channel_->http1 == nullptr ? channel_ : channel_->http1;
  }
  static size_t place_of(Protocol protocol) {
    switch (protocol) {
      case Protocol::kHttp2: return 1;
      case Protocol::kTcp: return 2;
      default: return 0;
    }
  }

  PoolContext& context_;
  Address address_;
  std::string name_;
  std::shared_ptr<EndpointHealth> health_;
  std::shared_ptr<const Channel> channel_;
  std::unique_ptr<ConnectionPool> pools_[3];  // HTTP/1, HTTP/2, opaque
};

}  // namespace woad
