// `services`: what this app may call.
#include "config/tables.h"
#include "proxy/base/context_value.h"
#include "proxy/base/strings.h"

namespace woad::config {

namespace {

const Table<Endpoint>& endpoint_table() {
  static const Table<Endpoint> table{
      required<Endpoint>(
          {"address", &Endpoint::address,
           "`ip:port`, or `name:port`: resolved, all addresses used, resolved again by "
           "TTL; `name.:port` without the search list."}),
      {"weight", &Endpoint::weight, integer<uint32_t>(0, 65535),
       "Share of the pool's requests relative to the others; 0: none."},
      {"labels", &Endpoint::labels, labels(),
       "`color` and `tenant` choose the endpoint's pool; others are free."},
  };
  return table;
}

const Table<BalancerKey>& balancer_key_table() {
  static const Table<BalancerKey> table{
      {{"header", &BalancerKey::header, optional_of(header_name()), "The value of this header."},
       {"cookie", &BalancerKey::cookie, optional_of(name()), "The value of this cookie."},
       {"source_ip", &BalancerKey::source_ip, "The IP address of the client's connection."}},
      [](const BalancerKey& key, const Node& node, Diagnostics& d) {
        if (key.header.has_value() + key.cookie.has_value() + key.source_ip != 1) {
          d.error(node, "needs exactly one of header, cookie and source_ip: true");
        }
      }};
  return table;
}

const Table<LoadBalancing>& load_balancing_table() {
  using Policy = BalancerPolicy;
  static const Table<LoadBalancing> table{
      {{"policy", &LoadBalancing::policy,
        words<Policy>({{"least_request", Policy::kLeastRequest},
                       {"round_robin", Policy::kRoundRobin},
                       {"random", Policy::kRandom},
                       {"peak_ewma", Policy::kPeakEwma},
                       {"ring_hash", Policy::kRingHash}}),
        "How an endpoint of the pool is chosen; see below."},
       {"key", &LoadBalancing::key, balancer_key_table(),
        "With ring_hash: requests of the same value go to the same endpoint."}},
      [](const LoadBalancing& balancing, const Node& node, Diagnostics& d) {
        const bool by_key = balancing.policy == Policy::kRingHash;
        if (by_key && !balancing.key) {
          d.error(node, "ring_hash needs a key",
                  "key: { header: x-user-id }, or cookie, or source_ip: true");
        } else if (!by_key && balancing.key) {
          d.error_at_key(node.find("key"), "is of no use without policy: ring_hash");
        }
      }};
  return table;
}

const Table<Subset>& subset_table() {
  static const Table<Subset> table{
      required<Subset>({"size", &Subset::size, integer<uint32_t>(1, 1'000'000),
                        "So many endpoints of each pool, if it has more."}),
      {"index", &Subset::index, optional_of(integer<uint32_t>(0, 1'000'000)),
       "Which of its callers this is, from 0 on; left out: by hash of `node.instance`."},
  };
  return table;
}

const Table<Locality>& locality_table() {
  static const Table<Locality> table{
      {"prefer", &Locality::prefer, name(), "Endpoints whose label of this name is the node's."},
      {"spill_below", &Locality::spill_below,
       "The others get requests when less than this share of those may be asked."},
  };
  return table;
}

const Table<PoolSettings>& pool_table() {
  static const Table<PoolSettings> table{
      {"on_unhealthy", &PoolSettings::on_unhealthy,
       words<OnUnhealthy>({{"fail", OnUnhealthy::kFail},
                           {"fallback", OnUnhealthy::kFallback},
                           {"panic", OnUnhealthy::kPanic}}),
       "When no endpoint of the pool may be used: `fail` (503; default of colours), `fallback` "
       "(climb), or `panic` (try all; default of base)."},
  };
  return table;
}

// "red", "base", "red@acme".
bool decode_pool(const Node& node, PoolSettings& pool, Diagnostics& d) {
  pool.name = node.key();
  const std::string_view name = pool.name;
  const size_t at = name.find('@');
  const std::string_view color = name.substr(0, at);
  const bool tenant_wrong =
      at != std::string_view::npos && !valid_context_value(name.substr(at + 1));
  if (!valid_context_value(color) || tenant_wrong) {
    d.error_at_key(node, in_quotes(name) + " is not a pool",
                   "pools are base, red, and for a tenant base@acme, red@acme");
    return false;
  }
  if (color != kBaseColor) pool.color = color;
  if (at != std::string_view::npos) pool.tenant = name.substr(at + 1);
  pool.on_unhealthy = pool.color.empty() ? OnUnhealthy::kPanic : OnUnhealthy::kFail;
  return pool_table().decode(node, pool, d);
}

// A map whose values know their keys. `word`: what one is.
template <class Value, class Row>
Shape<std::vector<Value>> keyed(const std::string& word, const Table<Row>& (*table)(),
                                bool (*decode)(const Node&, Value&, Diagnostics&)) {
  Shape<std::vector<Value>> shape;
  shape.type = "map of map";
  shape.schema = [table] { return detail::map_schema(table().schema_text()); };
  shape.decode = [word, decode](const Node& node, std::vector<Value>& out, Diagnostics& d) {
    if (!detail::want_map(node, "a map of " + word + "s", d)) return false;
    bool good = true;
    out.clear();
    out.reserve(node.size());
    for (const Node at : node.items()) {
      if (d.full()) return false;
      good &= decode(at, out.emplace_back(), d);
    }
    return good;
  };
  shape.rows = [word, table](const std::string& prefix, std::vector<ReferenceRow>& rows) {
    table().rows(prefix + ".<" + word + ">.", rows);
  };
  return shape;
}

bool decode_service(const Node& node, std::shared_ptr<const Service>& out, Diagnostics& d) {
  const auto made = std::make_shared<Service>();
  out = made;
  Service& service = *made;
  service.name = node.key();
  service.document = Document::of(node);
  bool good = service_table().decode(node, service, d);
  if (good && service.health_check && !node.holds_broken())
    good = suits(*service.health_check, service.protocol, d);
  const Node ports = node.find("ports");
  if (ports.is_seq() && ports.size() == 0) {
    d.error(ports, "claims no port", "leave it out for every port that no other service claims");
    good = false;
  }
  const auto valid = parse_host_port(service.name + ":1");
  if (!valid) {
    d.error_at_key(node, in_quotes(service.name) + " is not a name for a service",
                   "letters, digits, dots, - and _");
    good = false;
  } else if (!node.find("hosts")) {  // its name is its host
    service.hosts = {{lower(without_final_dot(service.name)), node}};
  }
  return good;
}

}  // namespace

const Table<Service>& service_table() {
  static const Table<Service> table{
      {"hosts", &Service::hosts, list_of(located(host_pattern())),
       "Hosts that mean this service, compared without case, port and final dot; left out: its "
       "name."},
      {"ports", &Service::ports, ports(),
       "The ports of its hosts that are this service, so that several services may share a host; a "
       "request that names none is for 80 (https: 443). Left out: every port that no other service "
       "claims."},
      {"protocol", &Service::protocol,
       words<Protocol>({{"auto", Protocol::kAuto},
                        {"http1", Protocol::kHttp1},
                        {"http2", Protocol::kHttp2},
                        {"tcp", Protocol::kTcp}}),
       "What its endpoints speak; `auto`: by ALPN with TLS, else gRPC as HTTP/2, all else as "
       "HTTP/1.1."},
      {"tls", &Service::tls, service_tls_table(), "How its endpoints are called: see `mode`."},
      {"external", &Service::external, "No context header leaves for it."},
      {"stateful", &Service::stateful,
       "It keeps something: no request of a colour ever falls back to its base, whatever "
       "`fallback` "
       "says."},
      {"endpoints", &Service::endpoints, endpoint_table(),
       "Who answers; may be empty: declared, nobody there."},
      {"load_balancing", &Service::load_balancing, load_balancing_table(),
       "How requests are spread."},
      {"subset", &Service::subset, subset_table(),
       "Of a large service: the endpoints that this sidecar uses."},
      {"locality", &Service::locality, locality_table(),
       "Prefers the endpoints that are near, while there are enough."},
      {"health_check", &Service::health_check, health_check_table(),
       "Asks each endpoint whether it is well; left out: real answers alone tell."},
      {"pools", &Service::pools, keyed("pool", pool_table, decode_pool),
       "Pools beside those that the endpoints' labels make, and their settings."},
      {"fallback", &Service::fallback,
       words<Fallback>({{"parent_then_base", Fallback::kParentThenBase},
                        {"base", Fallback::kBase},
                        {"none", Fallback::kNone}}),
       "Where a colour without a pool goes: up its parents, to base, or nowhere (503)."},
      {"filters", &Service::filters, filter_settings(),
       "This service's settings for filters of the outbound chain, on top of the chain's."},
  };
  return table;
}

Shape<std::vector<std::shared_ptr<const Service>>> services() {
  return keyed("service", service_table, decode_service);
}

}  // namespace woad::config
