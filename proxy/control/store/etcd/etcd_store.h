// `etcd:…`: one etcd, any number of replicas. The loop's thread.
#pragma once

#include <utility>
#include <vector>

#include "proxy/control/store/etcd/etcd_feed.h"
#include "proxy/control/store/etcd/etcd_writer.h"
#include "proxy/control/store/store.h"

namespace woad::control {

class EtcdStore final : public Store {
 public:
  // The scheduler outlives it; there is at least one server.
  EtcdStore(Scheduler& scheduler, std::vector<EtcdServer> servers, uint64_t seed)
      : servers_(std::move(servers)), feed_(scheduler, servers_, seed), writer_(scheduler, feed_) {}

  Result<void> start(StoreWatcher& watcher) override {
    feed_.start(watcher);
    return {};
  }
  void write(StoreWrite write, Done done) override {
    writer_.write(std::move(write), std::move(done));
  }
  void set_lease(Duration lease) override { writer_.set_ttl(lease + kLastResort); }
  bool shared() const override { return true; }
  bool discovers() const override { return false; }

 private:
  const std::vector<EtcdServer> servers_;
  EtcdFeed feed_;
  EtcdWriter writer_;
};

}  // namespace woad::control
