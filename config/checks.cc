#include "config/checks.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "proxy/base/strings.h"

namespace woad::config {

namespace {

constexpr size_t kMaxHints = 50;

// Headers that belong to one hop or one message, or that woad makes itself.
bool has_its_meaning(std::string_view name) {
  constexpr std::string_view kOwned[] = {"baggage",
                                         "connection",
                                         "content-length",
                                         "expect",
                                         "host",
                                         "keep-alive",
                                         "te",
                                         "traceparent",
                                         "tracestate",
                                         "trailer",
                                         "upgrade",
                                         "x-request-id",
                                         "proxy-connection",
                                         "transfer-encoding",
                                         "x-woad-attempt",
                                         "x-woad-error",
                                         "x-woad-hops",
                                         "x-woad-timeout-ms"};
  return std::find(std::begin(kOwned), std::end(kOwned), name) != std::end(kOwned);
}

// Whether something else than one of `words` is written, so that the tables have told of it. What
// would follow from the default in its place is no error of the file.
bool has_error(const Node& written, std::initializer_list<std::string_view> words) {
  return written && std::find(words.begin(), words.end(), written.text()) == words.end();
}

using Owners = std::unordered_map<std::string_view, const Service*>;  // of hosts

class Checker {
 public:
  Checker(const Config& config, Diagnostics& diagnostics) : config_(config), d_(diagnostics) {
    for (const auto& service : config.services) services_.insert(service->name);
  }

  void run() {
    check_listeners();
    check_tls();
    check_context();
    check_hosts();
    for (const auto& service : config_.services) check_locality(*service);
    for (const Route& route : config_.routes) check_route(route);
    const Node drain = config_.source.find("drain");
    if (config_.drain.delay > config_.drain.timeout && drain && !drain.holds_broken()) {
      d_.error(drain, "delay is longer than timeout, which includes it");
    }
  }

 private:
  static std::string line_of(const Node& node) {
    const Location at = node.location();
    return at.line == 0 ? "by default" : "in line " + std::to_string(at.line);
  }

  void claim_address(const Located<HostPort>& address, std::string_view what) {
    if (address->host.empty()) return;
    const std::string text = address->to_string();
    const auto [other, fresh] = addresses_.try_emplace(text, address.node);
    if (fresh) return;
    // The default of admin.address has no line; the error stands where there is one.
    const Node& at = address.node ? address.node : other->second;
    d_.error(at, std::string(what) + " address " + text + " is taken " +
                     line_of(address.node ? other->second : address.node));
  }

  void check_listeners() {
    for (const Inbound& inbound : config_.inbound) {
      claim_address(inbound.address, "the");
      if (!inbound.app->original() && inbound.app->at == *inbound.address) {
        d_.error(inbound.app.node, "the app cannot listen where woad does: requests would circle");
      }
      if (inbound.source.holds_broken()) continue;
      check_redirect(inbound);
      if (!inbound.redirect) check_whole_app(inbound.app);
    }
    for (const Outbound& outbound : config_.outbound) {
      claim_address(outbound.address, "the");
      if (outbound.source.holds_broken()) continue;
      check_redirect(outbound);
      if (!outbound.redirect && outbound.unmatched == Unmatched::kPassthrough) {
        d_.error_below(outbound.source, "unmatched",
                       "passthrough needs redirect: true, which tells where to",
                       "write unmatched: reject");
      }
    }
    warn_of_one_family(config_.inbound);
    warn_of_one_family(config_.outbound);
    if (config_.admin.probes) claim_address(*config_.admin.probes, "the");
    if (config_.admin.metrics) claim_address(*config_.admin.metrics, "the");
    claim_address(config_.admin.address, "the admin");
  }

  template <class Listener>
  void check_redirect(const Listener& listener) {
    if (listener.redirect || listener.opaque_ports.empty()) return;
    d_.error_below(listener.source, "opaque_ports", "has no meaning but with redirect: true");
  }

  void check_whole_app(const Located<AppAddress>& app) {
    const std::string written(app.node.text());
    if (!app->original() && app->at.port == 0) {
      d_.error(app.node, in_quotes(written) + " is not an address: the port is missing",
               "addresses are 127.0.0.1:8080, [::1]:8080 or name:8080");
    } else if (app->original() && written == "original") {
      d_.error(app.node, "original needs redirect: true, which tells the address that was called");
    }
  }

  // Both families of a pod are redirected to one port.
  template <class Listener>
  void warn_of_one_family(const std::vector<Listener>& listeners) {
    const auto is_v6 = [](const Listener& one) {
      return one.address->host.find(':') != std::string::npos;
    };
    for (const Listener& one : listeners) {
      if (!one.redirect || one.address->host.empty()) continue;
      const bool paired =
          std::any_of(listeners.begin(), listeners.end(), [&](const Listener& other) {
            return other.redirect && other.address->port == one.address->port &&
                   is_v6(other) != is_v6(one);
          });
      if (paired) continue;
      const std::string port = std::to_string(one.address->port);
      d_.warning(one.address.node,
                 std::string("redirect: true listens for ") + (is_v6(one) ? "IPv6" : "IPv4") +
                     " alone, and redirected connections of the other family would be refused",
                 "add a listener at " + (is_v6(one) ? "0.0.0.0:" + port : "\"[::]:" + port + "\""));
    }
  }

  void check_tls() {
    for (const Inbound& inbound : config_.inbound) {
      if (inbound.mtls == Mtls::kOff || config_.tls || !inbound.source.is_map()) continue;
      const Node written = inbound.source.find("mtls");
      if (has_error(written, {"strict", "permissive"})) continue;
      const std::string wrong =
          std::string(written ? "needs tls:" : "strict is the default and needs tls:") +
          ", which this file does not have";
      d_.error_below(inbound.source, "mtls", wrong, "add tls:, or write mtls: off");
    }
    for (const auto& service : config_.services) check_service_tls(*service);
  }

  void check_service_tls(const Service& service) {
    const Node tls = service.tls.source;
    if (!tls.is_map() || has_error(tls.find("mode"), {"mtls", "tls", "off"})) return;
    const TlsMode mode = tls_mode(config_, service);
    if (mode == TlsMode::kMtls && !config_.tls) {
      d_.error_below(tls, "mode", "mtls needs tls:, which this file does not have",
                     "add tls:, or write mode: tls or mode: off");
    }
    const auto only_with = [&](std::string_view key, bool fits, std::string_view with) {
      const Node at = tls.find(key);
      if (at && !fits) d_.error_at_key(at, "has no meaning but with mode: " + std::string(with));
    };
    only_with("peer", mode == TlsMode::kMtls, "mtls");
    only_with("sni", mode != TlsMode::kOff, "mtls or tls");
    only_with("ca", mode == TlsMode::kTls, "tls");
  }

  // An empty value is one that the environment does not know: nothing is near then.
  void check_locality(const Service& service) {
    if (!service.locality || !service.locality->source.is_map()) return;
    const std::string& prefer = service.locality->prefer;
    if (prefer.empty()) return;  // the tables have told of it, or it is not known
    const Node written = service.locality->source.find("prefer");
    if (prefer == "color" || prefer == "tenant") {
      d_.error(written, in_quotes(prefer) + " makes pools of their own",
               "prefer: zone, or another label");
      return;
    }
    if (config_.elsewhere) return;
    for (const auto& [key, value] : config_.node.labels) {
      if (key == prefer) return;
    }
    d_.error_below(service.locality->source, "prefer",
                   "node.labels has no " + in_quotes(prefer) + ", so no endpoint is near",
                   "node: { labels: { " + prefer + ": … } }");
  }

  // One header, one meaning.
  void check_context() {
    const Node context = config_.source.find("context");
    const Node headers = context.find("headers");
    const Node aliases = context.find("aliases");
    std::unordered_set<std::string_view> seen;
    const auto claim = [&](const std::string& name, const Node& at, bool carried) {
      if (name.empty()) return;
      if (has_its_meaning(name)) {
        d_.error(at, "the header " + name + " has a meaning of its own");
      } else if (!seen.insert(name).second) {
        d_.error(at, "the header " + name + " has two meanings");
      } else if (carried && name.starts_with("x-woad-")) {
        d_.error(at, "the header " + name + " cannot be carried");
      }
    };
    const auto claim_one = [&](const std::string& name, std::string_view key) {
      const Node written = headers.find(key);
      claim(name, written ? written : headers, false);
    };
    const auto claim_all = [&](const std::vector<std::string>& names, const Node& list,
                               bool carried) {
      auto at = list.items().begin();
      for (const std::string& name : names) {
        claim(name, *at, carried);
        ++at;
      }
    };
    claim_one(config_.context.headers.color, "color");
    claim_one(config_.context.headers.tenant, "tenant");
    claim_all(config_.context.aliases.color, aliases.find("color"), false);
    claim_all(config_.context.aliases.tenant, aliases.find("tenant"), false);
    claim_all(config_.context.carry, context.find("carry"), true);
  }

  void check_hosts() {
    Owners owners;
    std::map<uint16_t, Owners> owners_of_ports;
    for (const auto& service : config_.services) {
      if (service->ports.empty()) claim_hosts(*service, owners, "");
      for (const uint16_t port : service->ports) {
        if (port == 0) continue;  // the tables have told of it
        claim_hosts(*service, owners_of_ports[port], ", port " + std::to_string(port) + ",");
      }
    }
  }

  void claim_hosts(const Service& service, Owners& owners, const std::string& port) {
    for (const auto& host : service.hosts) {
      if (host->empty()) continue;
      const auto [owner, fresh] = owners.try_emplace(*host, &service);
      if (fresh) continue;
      const std::string claimed = "the host " + in_quotes(*host) + port;
      if (owner->second == &service) {
        d_.error(host.node, claimed + " is here twice");
      } else {
        d_.error(host.node,
                 claimed + " belongs to service " + in_quotes(owner->second->name) + " already");
      }
    }
  }

  void check_service(const Located<std::string>& name) {
    if (name->empty() || services_.contains(*name)) return;
    std::string hint;
    // Comparing with every name of a large file costs time; the first errors show the way.
    if (d_.count() < kMaxHints) {
      hint = did_you_mean(*name, {services_.begin(), services_.end()});
    }
    d_.error(name.node, "no service is named " + in_quotes(*name), std::move(hint));
  }

  void check_route(const Route& route) {
    if (!route.source.is_map()) return;
    check_action(route);
    if (const Node principals = route.match.source.find("principals")) {
      d_.error_at_key(principals,
                      "routes are for the app's own requests, whose caller is always the app",
                      "principals decide in authorization rules and dye rules, on inbound");
    }
    uint64_t weights = 0;
    for (const Target& target : route.to) {
      check_service(target.service);
      weights += target.weight;
    }
    const Node to = route.source.find("to");
    if (to.is_seq() && weights == 0) d_.error(to, "no service in this list has a weight above 0");
    if (route.mirror) check_service(route.mirror->service);
    const Node prefix = route.source.find("match").find("path").find("prefix");
    if (route.rewrite && route.rewrite->path_prefix.node && !prefix) {
      d_.error_at_key(route.rewrite->path_prefix.node,
                      "needs match.path.prefix, whose place it takes");
    }
    if (route.redirect && !route.redirect->scheme && !route.redirect->host &&
        !route.redirect->path) {
      d_.error_at_key(route.source.find("redirect"), "changes nothing: the client would circle",
                      "give scheme, host or path");
    }
  }

  void check_action(const Route& route) {
    Node action;
    for (const std::string_view key : {"to", "respond", "redirect"}) {
      const Node found = route.source.find(key);
      if (found && action) {
        d_.error_at_key(found,
                        "a route does one thing: it has " + in_quotes(action.key()) + " already");
      }
      if (found && !action) action = found;
    }
    if (!action) {
      d_.error(route.source, "a route needs one of to, respond, redirect");
      return;
    }
    if (action.key() == "to") return;
    for (const std::string_view key : {"rewrite", "mirror"}) {
      const Node found = route.source.find(key);
      if (found) d_.error_at_key(found, "only a route with to: can have this");
    }
  }

  const Config& config_;
  Diagnostics& d_;
  std::unordered_set<std::string_view> services_;
  std::unordered_map<std::string, Node> addresses_;
};

}  // namespace

void check_references(const Config& config, Diagnostics& diagnostics) {
  Checker(config, diagnostics).run();
}

}  // namespace woad::config
