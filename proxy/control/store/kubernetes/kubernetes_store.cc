#include "proxy/control/store/kubernetes/kubernetes_store.h"

#include <algorithm>
#include <utility>

#include "proxy/client/http_client.h"
#include "proxy/control/store/kubernetes/access.h"
#include "proxy/control/store/kubernetes/caller.h"

namespace woad::control {
namespace kubernetes {
namespace {

// A ConfigMap holds up to 1 MiB, so that fewer of them make a page.
constexpr size_t kMaps = 50;

}  // namespace

KubernetesStore::KubernetesStore(Scheduler& scheduler, std::shared_ptr<HttpAsker> asker,
                                 std::string own_space, uint64_t random_seed)
    : scheduler_(scheduler),
      asker_(std::move(asker)),
      own_space_(std::move(own_space)),
      random_(random_seed),
      writer_(scheduler, *asker_) {}

Result<void> KubernetesStore::start(StoreWatcher& watcher) {
  WOAD_ASSERT(watcher_ == nullptr);
  watcher_ = &watcher;
  cluster_ = std::make_unique<Cluster>(own_space_, watcher);
  const std::string maps = "/api/v1/configmaps";
  const std::array<std::pair<WatchedKind, ObjectSink*>, kKinds> kinds = {{
      {{.path = maps, .selector = "woad.dev/document in (mesh,service)", .page = kMaps},
       &cluster_->documents()},
      {{.path = maps, .selector = "woad.dev/state", .page = kMaps}, &cluster_->states()},
      {{.path = "/api/v1/services"}, &cluster_->services()},
      {{.path = "/apis/discovery.k8s.io/v1/endpointslices"}, &cluster_->slices()},
      {{.path = "/api/v1/pods", .metadata_alone = true}, &cluster_->pods()},
  }};
  for (size_t i = 0; i < kKinds; ++i) {
    WatchOwner& owner = *this;
    watches_[i] = std::make_unique<Watch>(scheduler_, *asker_, random_, kinds[i].first,
                                          *kinds[i].second, owner);
    watches_[i]->start();
  }
  return {};
}

void KubernetesStore::write(StoreWrite write, Done done) {
  const std::string space = cluster_ == nullptr ? own_space_ : cluster_->mesh_space();
  writer_.write(space, std::move(write), std::move(done));
}

void KubernetesStore::on_moved() { scheduler_.at_turn_end(*this); }

void KubernetesStore::on_trouble(const Watch& watch, const std::string& why) {
  const auto of = std::find_if(watches_.begin(), watches_.end(),
                               [&](const auto& each) { return each.get() == &watch; });
  troubles_[static_cast<size_t>(of - watches_.begin())] = why;
  scheduler_.at_turn_end(*this);
}

void KubernetesStore::on_turn_end() {
  const auto trouble = std::find_if(troubles_.begin(), troubles_.end(),
                                    [](const std::string& why) { return !why.empty(); });
  const std::string away = trouble == troubles_.end() ? "" : *trouble;
  if (away != std::exchange(away_, away)) watcher_->on_away(away);
  if (began_) return cluster_->settle();
  uint64_t version = 0;
  for (const auto& watch : watches_) {
    if (!watch->listed()) return;
    version = std::max(version, watch->version());
  }
  began_ = true;
  cluster_->begin(version);
}

}  // namespace kubernetes

Result<std::unique_ptr<Store>> make_kubernetes_store(std::string_view, const StoreMeans& means) {
  using namespace kubernetes;
  Scheduler& scheduler = means.loop.scheduler();
  const auto read = [&scheduler, kubeconfig = means.kubeconfig] {
    return kubeconfig.empty() ? access_in_cluster(config::Environment::of_process(), kAccountFolder)
                              : access_by_kubeconfig(kubeconfig, scheduler.wall());
  };
  auto access = read();
  if (!access) return access.error();
  HttpClientOptions to{.origin = access->origin, .tls = access->tls, .agent = "woad-control"};
  if (access->tls != nullptr) {
    // A connection a watch: one that is slow holds up no other, and a dead one is one alone.
    TlsClientOptions as;
    as.sni = access->server_name;
    as.alpn = alpn_wire({"http/1.1"});
    to.tls_options = std::make_shared<const TlsClientOptions>(std::move(as));
  }
  auto client = std::make_shared<HttpClient>(means.loop, means.blocks, std::move(to));
  const auto use = [to = client.get()](TlsContext::Ptr tls) { to->set_tls(std::move(tls)); };
  const std::string name_space = access->name_space;
  auto caller = std::make_shared<Caller>(scheduler, std::move(client), std::move(*access),
                                         Renewal{read, use});
  return std::unique_ptr<Store>(
      std::make_unique<KubernetesStore>(scheduler, std::move(caller), name_space, random_seed()));
}

}  // namespace woad::control
