#include "proxy/snapshot/compile.h"

#include <algorithm>
#include <set>

#include "proxy/match/compile_match.h"
#include "proxy/snapshot/compile_context.h"
#include "proxy/snapshot/compile_filters.h"
#include "proxy/snapshot/compile_service.h"
#include "proxy/snapshot/same_word.h"

namespace woad {
namespace {

class Compiler {
 public:
  Compiler(const config::Config& config, const std::vector<FilterKind>& registry,
           const Resolutions& resolutions, const Snapshot* previous, uint64_t seed,
           config::Diagnostics& diagnostics, MonoTime now)
      : config_(config),
        resolutions_(resolutions),
        previous_(previous),
        seed_(seed),
        diagnostics_(diagnostics),
        snapshot_(std::make_shared<Snapshot>()),
        filters_(registry, previous, *snapshot_, diagnostics),
        channels_(config, snapshot_->tls, previous == nullptr ? nullptr : &previous->channels,
                  snapshot_->channels, diagnostics),
        services_(resolutions, previous, now, *snapshot_, filters_, channels_) {}

  std::shared_ptr<Snapshot> run(SnapshotTls tls) {
    snapshot_->tls = std::move(tls);
    identity();
    snapshot_->context = compile_context(config_, previous_, seed_, diagnostics_);
    snapshot_->health = previous_ == nullptr ? std::make_shared<HealthTable>() : previous_->health;
    for (const DyeRule& rule : snapshot_->context.rules.dye) note_color(rule.color);
    note_color(config::label(config_.node.labels, "color"));
    filters_.compile_chain(Direction::kInbound, config_.filters.inbound);
    filters_.compile_chain(Direction::kOutbound, config_.filters.outbound);
    snapshot_->services.reserve(config_.services.size());
    by_name_.reserve(config_.services.size());
    for (const auto& service : config_.services) add_service(service);
    for (size_t i = 0; i < config_.routes.size(); ++i) add_route(config_.routes[i], i);
    for (const config::Inbound& inbound : config_.inbound) add_inbound(inbound);
    for (const config::Outbound& outbound : config_.outbound) add_outbound(outbound);
    note_addresses();
    note_own_ports();
    return snapshot_;
  }

 private:
  void identity() {
    snapshot_->version = config_.version;
    snapshot_->hash = config_.hash;
    snapshot_->source = config_.text;
    snapshot_->node_service = config_.node.service;
    snapshot_->instance = config_.node.instance;
    for (const auto& [key, value] : config_.node.labels) {
      snapshot_->node_labels.emplace_back(key, *value);
    }
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

  void add_service(const std::shared_ptr<const config::Service>& from) {
    auto entry = services_.compile(from);
    for (const std::string& color : entry->colors) note_color(color);
    for (const auto& host : from->hosts) snapshot_->hosts.add(*host, from->ports, *entry);
    if (from->hosts.empty()) snapshot_->hosts.add(from->name, from->ports, *entry);
    by_name_.emplace(from->name, entry.get());
    snapshot_->services.push_back(std::move(entry));
  }

  void note_color(std::string_view color) {
    if (!color.empty() && !snapshot_->colors.contains(color)) snapshot_->colors.emplace(color);
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
        if (slots.empty()) slots = service->filters;
        targets.push_back({service, to.weight, std::move(slots)});
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
    listener.protocol = from.protocol;
    place(listener, *from.address);
    if (from.app->at.port != 0) listener.app = compile_app(from);
    if (from.redirect) redirect(listener, from, {.anywhere = redirected_app(from)});
    secure(listener, from);
    snapshot_->listeners.push_back(std::move(listener));
  }

  std::unique_ptr<ServiceEntry> compile_app(const config::Inbound& from) {
    const auto made = std::make_shared<Service>(config_.node.service);
    Service& app = *made;
    app.channel = channels_.to_app();
    app.protocol = same_word<UpstreamProtocol>(from.app_protocol);
    add_endpoints(app.pool_for("", ""), from.app->at, {}, resolutions_);
    app.finish(*snapshot_->health);
    return std::make_unique<ServiceEntry>(made);
  }

  // At whichever port is called.
  DestinationModel redirected_app(const config::Inbound& from) {
    DestinationModel app{
        .service = config_.node.service,
        .protocol = same_word<UpstreamProtocol>(from.app_protocol),
        .channel = from.app->original() ? channels_.to_app_as_called() : channels_.to_app()};
    if (from.app->original()) return app;
    Pool hosts;
    add_endpoints(hosts, from.app->at, {}, resolutions_);
    for (const Endpoint& host : hosts.endpoints) {
      if (host.address.valid()) {
        app.hosts.push_back(host.address);
      } else {
        app.unresolved = host.unresolved;
      }
    }
    return app;
  }

  template <class From>
  static void redirect(ListenerSpec& listener, const From& from, DestinationModels destinations) {
    listener.redirect = true;
    listener.opaque_ports = from.opaque_ports;
    listener.destinations = std::move(destinations);
  }

  // Where a redirected connection may be going.
  void note_addresses() {
    const auto& outbound = config_.outbound;
    if (std::none_of(outbound.begin(), outbound.end(),
                     [](const config::Outbound& one) { return one.redirect; })) {
      return;
    }
    snapshot_->addresses.reserve(snapshot_->services.size());
    for (const auto& entry : snapshot_->services) snapshot_->addresses.add(*entry);
  }

  void note_own_ports() {
    auto& ports = snapshot_->own_ports;
    for (const ListenerSpec& listener : snapshot_->listeners) {
      ports.push_back(listener.address.port());
    }
    ports.push_back(config_.admin.address->port);
    for (const auto& more : {config_.admin.probes, config_.admin.metrics}) {
      if (more) ports.push_back((*more)->port);
    }
  }

  void add_outbound(const config::Outbound& from) {
    ListenerSpec listener;
    listener.direction = Direction::kOutbound;
    place(listener, *from.address);
    if (from.redirect) {
      const bool passes = from.unmatched.value_or(config::Unmatched::kPassthrough) ==
                          config::Unmatched::kPassthrough;
      redirect(listener, from,
               {.anywhere = passes ? std::optional(passthrough()) : std::nullopt,
                .own_pod = own_pod(listener.address)});
    }
    snapshot_->listeners.push_back(std::move(listener));
  }

  DestinationModel passthrough() {
    return {.service = std::string(kPassthrough),
            .protocol = UpstreamProtocol::kAsCame,
            .external = true,
            .channel = channels_.to_original()};
  }

  // What the app calls at its own pod goes to the inbound listener, which the rules see to, as that
  // is to be called; nothing: none is redirected to. Inbound listeners are compiled by now.
  std::optional<DestinationModel> own_pod(const Address& outbound) {
    for (const ListenerSpec& one : snapshot_->listeners) {
      if (one.direction != Direction::kInbound || !one.redirect) continue;
      if (one.address.raw()->sa_family != outbound.raw()->sa_family) continue;
      return DestinationModel{
          .service = config_.node.service,
          .protocol = UpstreamProtocol::kAsCame,
          .channel = one.mtls == Mtls::kOff ? channels_.to_original() : channels_.to_own_pod()};
    }
    return std::nullopt;
  }

  static void secure(ListenerSpec& listener, const config::Inbound& from) {
    listener.mtls = from.mtls;
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
  ServiceCompiler services_;
  std::unordered_map<std::string_view, const ServiceEntry*> by_name_;
};

}  // namespace

std::vector<std::string> names_to_resolve(const config::Config& config) {
  std::set<std::string> names;
  for (const config::Inbound& inbound : config.inbound) {
    const config::AppAddress& app = *inbound.app;
    if (!app.original() && !app.at.numeric) names.insert(app.at.host);
  }
  for (const auto& service : config.services) {
    for (const config::Endpoint& endpoint : service->endpoints) {
      if (!endpoint.address->numeric) names.insert(endpoint.address->host);
    }
  }
  return {names.begin(), names.end()};
}

std::shared_ptr<Snapshot> compile(const config::Config& config,
                                  const std::vector<FilterKind>& registry,
                                  const Resolutions& resolutions, SnapshotTls tls,
                                  const Snapshot* previous, uint64_t seed,
                                  config::Diagnostics& diagnostics, MonoTime now) {
  Compiler compiler(config, registry, resolutions, previous, seed, diagnostics, now);
  return compiler.run(std::move(tls));
}

}  // namespace woad
