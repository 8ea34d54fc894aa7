#include "proxy/snapshot/compile.h"

#include <set>

#include "proxy/match/compile_match.h"
#include "proxy/snapshot/compile_context.h"
#include "proxy/snapshot/compile_filters.h"

namespace woad {
namespace {

template <class To, class From>
To same_word(From from) {
  return static_cast<To>(from);
}
static_assert(static_cast<int>(BalancerPolicy::kRandom) ==
              static_cast<int>(config::BalancerPolicy::kRandom));
static_assert(static_cast<int>(Fallback::kNone) == static_cast<int>(config::Fallback::kNone));
static_assert(static_cast<int>(OnUnhealthy::kPanic) ==
              static_cast<int>(config::OnUnhealthy::kPanic));
static_assert(static_cast<int>(UpstreamProtocol::kTcp) == static_cast<int>(config::Protocol::kTcp));
static_assert(static_cast<int>(Mtls::kStrict) == static_cast<int>(config::Mtls::kStrict));
static_assert(static_cast<int>(ListenerProtocol::kTcp) == static_cast<int>(config::Protocol::kTcp));

class Compiler {
 public:
  Compiler(const config::Config& config, const std::vector<FilterKind>& registry,
           const Resolutions& resolutions, const Snapshot* previous, uint64_t seed,
           config::Diagnostics& diagnostics)
      : config_(config),
        resolutions_(resolutions),
        previous_(previous),
        seed_(seed),
        diagnostics_(diagnostics),
        snapshot_(std::make_shared<Snapshot>()),
        filters_(registry, previous, *snapshot_, diagnostics),
        channels_(config, snapshot_->tls, previous == nullptr ? nullptr : &previous->channels,
                  snapshot_->channels, diagnostics) {}

  std::shared_ptr<Snapshot> run(SnapshotTls tls) {
    snapshot_->tls = std::move(tls);
    identity();
    snapshot_->context = compile_context(config_, previous_, seed_, diagnostics_);
    for (const DyeRule& rule : snapshot_->context.rules.dye) note_color(rule.color);
    note_color(config::label(config_.node.labels, "color"));
    filters_.compile_chain(Direction::kInbound, config_.filters.inbound);
    filters_.compile_chain(Direction::kOutbound, config_.filters.outbound);
    for (const config::Service& service : config_.services) add_service(service);
    for (size_t i = 0; i < config_.routes.size(); ++i) add_route(config_.routes[i], i);
    for (const config::Inbound& inbound : config_.inbound) add_inbound(inbound);
    for (const config::Outbound& outbound : config_.outbound) add_outbound(outbound);
    return snapshot_;
  }

 private:
  void identity() {
    snapshot_->version = config_.version;
    snapshot_->hash = config_.hash;
    snapshot_->source = config_.source_text();
    snapshot_->node_service = config_.node.service;
    snapshot_->instance = config_.node.instance;
    const config::Limits& limits = config_.limits;
    snapshot_->limits = {.header_bytes = limits.headers.bytes.bytes,
                         .header_count = limits.headers.count,
                         .target_bytes = limits.headers.target.bytes,
                         .buffer = limits.buffer.bytes,
                         .concurrent_streams = limits.http2.concurrent_streams,
                         .resets_per_second = limits.http2.resets_per_second,
                         .header_timeout = limits.header_timeout,
                         .idle_timeout = limits.idle_timeout};
    snapshot_->client_connections = limits.client_connections;
  }

  // Adds the endpoints of one address: one for a number, one for each address of a name.
  void add_endpoints(Pool& pool, const config::HostPort& at, uint32_t weight) {
    const auto add = [&](const Address& address, std::string name, std::string unresolved) {
      pool.endpoints.push_back({.address = address,
                                .name = std::move(name),
                                .weight = weight,
                                .unresolved = std::move(unresolved)});
    };
    if (at.numeric) {
      const auto address = Address::from_host(at.host, at.port);
      if (address) add(*address, address->to_string(), "");
      return;
    }
    const auto known = resolutions_.find(at.host);
    if (known == resolutions_.end() || known->second.addresses.empty()) {
      const bool failed = known != resolutions_.end() && !known->second.error.empty();
      add({}, at.to_string(), at.host + ": " + (failed ? known->second.error : "not resolved yet"));
      return;
    }
    for (const Address& resolved : known->second.addresses) {
      const auto address = Address::from_host(resolved.host(), at.port);
      if (address) add(*address, address->to_string(), "");
    }
  }

  void add_service(const config::Service& from) {
    auto entry = std::make_unique<ServiceEntry>(from.name);
    Service& service = entry->service;
    service.protocol = same_word<UpstreamProtocol>(from.protocol);
    service.policy = same_word<BalancerPolicy>(from.load_balancing.policy);
    service.set_external(from.external);
    service.set_fallback(same_word<Fallback>(from.fallback));
    for (const config::PoolSettings& pool : from.pools) {
      service.pool_for(pool.color, pool.tenant).info.on_unhealthy =
          same_word<OnUnhealthy>(pool.on_unhealthy);
      note_color(pool.color);
    }
    for (const config::Endpoint& endpoint : from.endpoints) {
      const std::string_view color = config::label(endpoint.labels, "color");
      const std::string_view tenant = config::label(endpoint.labels, "tenant");
      note_color(color);
      add_endpoints(service.pool_for(color, tenant), *endpoint.address, endpoint.weight);
    }
    service.finish(snapshot_->endpoint_slots, snapshot_->pool_slots);
    service.channel = channels_.to_service(from);
    entry->filters = filters_.override_slots(snapshot_->chain(Direction::kOutbound).slots(),
                                             from.filters, "services." + from.name);
    for (const auto& host : from.hosts) snapshot_->hosts.add(*host, *entry);
    if (from.hosts.empty()) snapshot_->hosts.add(from.name, *entry);
    by_name_.emplace(from.name, entry.get());
    snapshot_->services.push_back(std::move(entry));
  }

  void note_color(std::string_view color) {
    if (!color.empty()) snapshot_->colors.emplace(color);
  }

  const ServiceEntry* find_service(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

  void add_route(const config::Route& from, size_t index) {
    Route route;
    route.name = "routes[" + std::to_string(index) + "]";
    route.match = compile_match(from.match, diagnostics_);
    const FilterSlots& chain = snapshot_->chain(Direction::kOutbound).slots();
    if (from.respond) {
      route.action = Respond{static_cast<int>(from.respond->status), from.respond->body};
    } else if (from.redirect) {
      route.action =
          Redirect{from.redirect->scheme.value_or(""), from.redirect->host.value_or(""),
                   from.redirect->path.value_or(""), static_cast<int>(from.redirect->status)};
    } else {
      std::vector<RouteTarget> targets;
      for (const config::Target& to : from.to) {
        const ServiceEntry* service = find_service(*to.service);
        if (service == nullptr || to.weight == 0) continue;
        const FilterSlots& base = service->filters.empty() ? chain : service->filters;
        FilterSlots slots =
            filters_.override_slots(base, from.filters, route.name + "." + *to.service);
        targets.push_back(
            {service, to.weight, slots.empty() ? service->filters : std::move(slots)});
        route.total_weight += to.weight;
      }
      if (targets.empty()) return;  // an unknown service: an error of the file already
      route.action = std::move(targets);
    }
    if (!std::holds_alternative<std::vector<RouteTarget>>(route.action)) {
      route.filters = filters_.override_slots(chain, from.filters, route.name);
    }
    if (from.rewrite) route.rewrite_prefix = *from.rewrite->path_prefix;
    if (from.mirror) {
      if (const ServiceEntry* shadow = find_service(*from.mirror->service)) {
        route.mirror = Mirror{shadow, from.mirror->percent.value};
      }
    }
    snapshot_->routes.add(std::move(route));
  }

  void add_inbound(const config::Inbound& from) {
    ListenerSpec listener;
    listener.direction = Direction::kInbound;
    listener.protocol = same_word<ListenerProtocol>(from.protocol);
    place(listener, *from.address);
    listener.app = std::make_unique<ServiceEntry>(config_.node.service);
    Service& app = listener.app->service;
    app.channel = channels_.to_app();
    app.protocol = same_word<UpstreamProtocol>(from.app_protocol);
    add_endpoints(app.pool_for("", ""), *from.app, 100);
    app.finish(snapshot_->endpoint_slots, snapshot_->pool_slots);
    secure(listener, from);
    snapshot_->listeners.push_back(std::move(listener));
  }

  void add_outbound(const config::Outbound& from) {
    ListenerSpec listener;
    listener.direction = Direction::kOutbound;
    place(listener, *from.address);
    snapshot_->listeners.push_back(std::move(listener));
  }

  static void secure(ListenerSpec& listener, const config::Inbound& from) {
    listener.mtls = same_word<Mtls>(from.mtls);
    for (const auto& path : from.probe_paths) listener.probe_paths.push_back(*path);
    if (listener.mtls == Mtls::kOff) return;
    // Under strict, too, plaintext HTTP is let in as far as its answer: it is told why not.
    const bool http = from.protocol != config::Protocol::kTcp;
    listener.tls_options = std::make_shared<const TlsServerOptions>(
        TlsServerOptions{.alpn = alpn_for(from.protocol),
                         .allow_plaintext = http || listener.mtls == Mtls::kPermissive});
  }

  static void place(ListenerSpec& listener, const config::HostPort& at) {
    listener.name = at.to_string();
    const auto address = Address::from_host(at.host, at.port);
    if (address) listener.address = *address;
  }

  const config::Config& config_;
  const Resolutions& resolutions_;
  const Snapshot* previous_;
  uint64_t seed_;
  config::Diagnostics& diagnostics_;
  std::shared_ptr<Snapshot> snapshot_;
  FilterCompiler filters_;
  ChannelCompiler channels_;
  std::unordered_map<std::string, const ServiceEntry*> by_name_;
};

}  // namespace

std::vector<std::string> names_to_resolve(const config::Config& config) {
  std::set<std::string> names;
  for (const config::Inbound& inbound : config.inbound) {
    if (!inbound.app->numeric) names.insert(inbound.app->host);
  }
  for (const config::Service& service : config.services) {
    for (const config::Endpoint& endpoint : service.endpoints) {
      if (!endpoint.address->numeric) names.insert(endpoint.address->host);
    }
  }
  return {names.begin(), names.end()};
}

std::shared_ptr<Snapshot> compile(const config::Config& config,
                                  const std::vector<FilterKind>& registry,
                                  const Resolutions& resolutions, SnapshotTls tls,
                                  const Snapshot* previous, uint64_t seed,
                                  config::Diagnostics& diagnostics) {
  return Compiler(config, registry, resolutions, previous, seed, diagnostics).run(std::move(tls));
}

}  // namespace woad
