#include "proxy/server/deployment.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "proxy/base/random.h"
#include "proxy/log/log.h"
#include "proxy/net/socket.h"
#include "proxy/upstream/socket_dialer.h"

namespace woad {
namespace {

uint32_t worker_count(const config::Config& config) {
  if (config.workers > 0) return config.workers;
  return std::max(1u, std::thread::hardware_concurrency());
}

// Files list both families, also for pods that have no IPv6.
bool stands_in(const Snapshot& next, const ListenerSpec& spec) {
  const auto is_v4 = [](const ListenerSpec& one) {
    return one.address.raw()->sa_family == AF_INET;
  };
  return !is_v4(spec) && !has_ipv6() &&
         std::any_of(next.listeners.begin(), next.listeners.end(), [&](const ListenerSpec& one) {
           return is_v4(one) && one.direction == spec.direction &&
                  one.address.port() == spec.address.port();
         });
}

}  // namespace

Deployment::Deployment(Loop& loop, BlockPool& blocks, TapHub& taps, ApplyAdmin apply_admin)
    : loop_(loop),
      blocks_(blocks),
      apply_admin_(std::move(apply_admin)),
      dialer_(make_dialer(loop, blocks, &probe_metrics_)),
      workers_(loop, taps) {}

void Deployment::start_workers(const config::Config& config) {
  exporter_ = std::make_unique<OtlpExporter>(
      otlp_over_http(loop_, blocks_, random_seed(), worker_count(config)));
  prober_ =
      std::make_unique<Prober>(loop_.scheduler(), blocks_, *dialer_, probe_metrics_, random_seed());
  workers_.start(worker_count(config), random_seed);
}

Result<Workers::Sockets> Deployment::open_sockets(const Snapshot& next) const {
  Workers::Sockets sockets(workers_.count());
  const auto listens_already = [&](const ListenerSpec& spec) {
    return snapshot_ != nullptr &&
           std::any_of(snapshot_->listeners.begin(), snapshot_->listeners.end(),
                       [&](const ListenerSpec& open) { return open.name == spec.name; });
  };
  std::vector<Fd> opened;
  for (const ListenerSpec& spec : next.listeners) {
    if (listens_already(spec)) continue;
    if (const auto free = check_free(spec.address); !free) {
      if (!stands_in(next, spec)) return free.error();
      log_warn("there is no IPv6 here: nobody can come to a listener", {{"listener", spec.name}});
      continue;
    }
    const Clients clients = spec.serves_own_pod() ? Clients::kHere : Clients::kAnywhere;
    for (auto& of_worker : sockets) {
      auto fd = listen_tcp(spec.address, AnyIPv6::kAlone, clients);
      if (!fd) return fd.error();
      of_worker.push_back({spec.name, fd->get()});
      opened.push_back(std::move(*fd));
    }
  }
  for (Fd& fd : opened) (void)fd.release();
  return sockets;
}

Result<void> Deployment::adopt(const LoadedConfig& next, std::function<void()> done) {
  if (workers_.count() == 0) start_workers(*next.config);
  auto sockets = open_sockets(*next.snapshot);
  if (!sockets) return sockets.error();
  const auto addresses = admin_addresses(next.config->admin);
  Result<void> applied = addresses ? apply_admin_(*addresses) : addresses.error();
  if (!applied) {
    for (const auto& of_worker : *sockets) {
      for (const ListeningSocket& socket : of_worker) Fd(socket.fd);
    }
    return applied;
  }
  configure(next);
  config_ = next.config;
  snapshot_ = next.snapshot;
  workers_.adopt(
      snapshot_, std::move(*sockets), [this](size_t i) { return exporter_->queue(i); },
      std::move(done));
  prober_->adopt(*snapshot_);
  return {};
}

// What does not go by the snapshot. The log is as POST /log set it until another file comes.
void Deployment::configure(const LoadedConfig& next) {
  const ContextSystem& contexts = next.snapshot->context;
  contexts.table->configure(contexts.rules.table_limits);
  contexts.unanimity->configure(contexts.rules.table_limits.linger);
  if (next.config == config_) return;
  configure_log(next.config->log.level, next.config->log.format);
  if (worker_count(*next.config) != workers_.count()) {
    log_warn("a new number of workers takes effect with the next start");
  }
  OtlpSettings spans = otlp_settings(*next.config, config::Environment::of_process());
  for (const std::string& warning : spans.warnings) log_warn(warning);
  exporter_->apply(std::move(spans));
}

}  // namespace woad
