// A store that is a Kubernetes cluster: documents are ConfigMaps, services and instances what runs
// there, and what a control plane writes is kept in ConfigMaps (state.h). Any number of replicas.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/random.h"
#include "proxy/control/store/kubernetes/cluster.h"
#include "proxy/control/store/kubernetes/state_writer.h"
#include "proxy/control/store/kubernetes/watch.h"
#include "proxy/control/store/means.h"
#include "proxy/control/store/store.h"

namespace woad::control::kubernetes {

class KubernetesStore final : public Store, private WatchOwner, private TurnEnd {
 public:
  // `own_space`: as Cluster takes it. The scheduler outlives it.
  KubernetesStore(Scheduler& scheduler, std::shared_ptr<HttpAsker> asker, std::string own_space,
                  uint64_t random_seed);

  Result<void> start(StoreWatcher& watcher) override;
  void write(StoreWrite write, Done done) override;
  bool shared() const override { return true; }
  bool discovers() const override { return true; }

 private:
  static constexpr size_t kKinds = 5;

  void on_moved() override;
  void on_trouble(const Watch& watch, const std::string& why) override;
  void on_turn_end() override;

  Scheduler& scheduler_;
  const std::shared_ptr<HttpAsker> asker_;
  const std::string own_space_;
  Random random_;
  StateWriter writer_;
  StoreWatcher* watcher_ = nullptr;
  std::unique_ptr<Cluster> cluster_;
  std::array<std::unique_ptr<Watch>, kKinds> watches_;
  std::array<std::string, kKinds> troubles_;
  std::string away_;  // as it was told
  bool began_ = false;
};

}  // namespace woad::control::kubernetes

namespace woad::control {

// The word has nothing behind a colon. Reads files now, and again when they change. An error: how
// to reach the cluster is not known, and no waiting will mend that.
Result<std::unique_ptr<Store>> make_kubernetes_store(std::string_view, const StoreMeans& means);

}  // namespace woad::control
