// `etcd:…`: one etcd, any number of replicas. The loop's thread.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/control/store/etcd_feed.h"
#include "proxy/control/store/etcd_writer.h"
#include "proxy/control/store/store.h"

namespace woad::control {

class EtcdStore final : public Store {
 public:
  // The scheduler outlives it; there is at least one server. `set_tls` is theirs.
  EtcdStore(Scheduler& scheduler, std::vector<EtcdServer> servers, uint64_t seed,
            std::function<void(const TlsContext::Ptr&)> set_tls = {})
      : servers_(std::move(servers)),
        set_tls_(std::move(set_tls)),
        feed_(scheduler, servers_, seed),
        writer_(scheduler, feed_) {}

  Result<void> start(StoreWatcher& watcher) override {
    feed_.start(watcher);
    return {};
  }
  void write(StoreWrite write, Done done) override {
    writer_.write(std::move(write), std::move(done));
  }
  void set_lease(Duration lease) override { writer_.set_ttl(lease + kLastResort); }
  void set_tls(TlsContext::Ptr tls) override {
    if (set_tls_) set_tls_(tls);
  }
  bool shared() const override { return true; }
  bool discovers() const override { return false; }

 private:
  const std::vector<EtcdServer> servers_;
  const std::function<void(const TlsContext::Ptr&)> set_tls_;
  EtcdFeed feed_;
  EtcdWriter writer_;
};

}  // namespace woad::control
