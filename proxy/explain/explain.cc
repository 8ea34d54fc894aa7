#include "proxy/explain/explain.h"

#include <algorithm>

#include "config/values.h"
#include "proxy/base/strings.h"
#include "proxy/exchange/request_rules.h"
#include "proxy/explain/explain_context.h"
#include "proxy/http/authority.h"
#include "proxy/http/byte_class.h"
#include "proxy/http/validate.h"
#include "proxy/observe/metrics.h"
#include "proxy/snapshot/route_choice.h"
#include "proxy/upstream/pool_choice.h"

namespace woad {
namespace {

using config::in_quotes;

class Explainer final : private FilterHost {
 public:
  Explainer(const Snapshot& snapshot, const ExplainRequest& request)
      : snapshot_(snapshot),
        request_(request),
        head_(arena_),
        chain_(snapshot.chain(Direction::kOutbound)) {}

  Result<Explanation> run() {
    if (auto bad = read_request()) return std::move(*bad);
    judge();
    return std::move(out_);
  }

 private:
  const void* filter_settings(size_t index) override { return (*slots_)[index].settings.get(); }
  void* filter_state(size_t index) override { return (*slots_)[index].state.get(); }
  void filter_resume() override {}
  void filter_reply(LocalReply) override {}

  void step(std::string sentence) { out_.steps.push_back(std::move(sentence)); }

  void refuse(const LocalReply& reply) {
    out_.error = error_info(reply.code).code;
    out_.status = reply.effective_status();
    out_.why = reply.details;
    step("refused: " + std::to_string(out_.status) + " " + out_.error + ": " + out_.why + ". " +
         std::string(error_info(reply.code).hint));
  }

  // Makes the head that a codec would have made.
  std::optional<Error> read_request() {
    std::string_view url = request_.url;
    const size_t scheme = url.find("://");
    const Error form{in_quotes(url) + " is not a URL such as http://price/path"};
    if (scheme == std::string_view::npos) return form;
    head_.scheme = url.substr(0, scheme);
    if (head_.scheme != "http" && head_.scheme != "https") return form;
    url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find('#'));
    const size_t end = url.find_first_of("/?");
    head_.authority = url.substr(0, end);
    const std::string_view target = end == std::string_view::npos ? "" : url.substr(end);
    head_.path = target.starts_with('/') ? target : arena_.join("/", target);
    if (!is_valid_authority(head_.authority)) return form;
    if (!config::is_token(request_.method)) {
      return Error{in_quotes(request_.method) + " is not a method"};
    }
    head_.method_name = request_.method;
    head_.method = method_of(request_.method);
    for (const auto& [name, value] : request_.headers) {
      if (auto bad = add_header(name, value)) return bad;
    }
    out_.request = std::string(head_.method_name) + " " + std::string(head_.scheme) + "://" +
                   std::string(head_.authority) + std::string(head_.path);
    return std::nullopt;
  }

  std::optional<Error> add_header(std::string_view name, std::string_view value) {
    if (!config::is_token(name)) return Error{in_quotes(name) + " is not a header's name"};
    if (!is_text(value)) {
      return Error{"header " + in_quotes(name) + " has a control character in its value"};
    }
    const HeaderId id = header_id(name);
    if (id == HeaderId::kHost) {
      head_.authority = value;
    } else if (!frames(id)) {
      head_.headers.add(name, value, id);
    }
    return std::nullopt;
  }

  // Fields of the client's connection, which a codec takes off.
  static bool frames(HeaderId id) {
    return is_framing(id) && id != HeaderId::kContentLength && id != HeaderId::kExpect &&
           id != HeaderId::kTe;
  }

  void judge() {
    if (auto refusal = validate_request(head_, snapshot_.limits)) return refuse(refusal->reply);
    info_.request = &head_;
    info_.grpc = is_grpc(head_.headers);
    slots_ = &chain_.slots();
    if (!read_context()) return;
    if (auto loop = count_hop(head_)) return refuse(*loop);
    const ServiceEntry* service = choose_service();
    if (out_.answer) return;
    if (auto refused = check_service(service, head_, nullptr)) return refuse(*refused);
    if (!choose_pool(*service)) return;
    tell_channel(*service->service.channel);
    list_endpoints(service->service);
  }

  bool read_context() {
    const auto refused = explain_context(snapshot_, *this, services_, head_, info_, out_.steps);
    if (refused) {
      refuse(*refused);
      return false;
    }
    out_.color = info_.color;
    out_.tenant = info_.tenant;
    out_.source = to_string(info_.context_source);
    return true;
  }

  const ServiceEntry* choose_service() {
    char buffer[256];
    const uint16_t port = claimed_port(snapshot_, head_.authority, head_.scheme);
    const MatchInput input{head_,           normal_host(head_.authority, buffer),
                           info_.color,     info_.tenant,
                           info_.principal, port};
    const std::string host =
        in_quotes(input.host) + (port == 0 ? std::string() : ", port " + std::to_string(port));
    const Route* route = snapshot_.routes.find(input);
    explain_routes(route, input);
    if (route != nullptr) return follow(*route);
    const ServiceEntry* service = snapshot_.hosts.find(input.host, input.port);
    if (service == nullptr) {
      step("host " + host + ": no service has this host");
      tell_passthrough();
      return nullptr;
    }
    out_.service = service->service.name();
    step("host " + host + " belongs to service " + out_.service);
    if (!service->filters.empty()) slots_ = &service->filters;
    return service;
  }

  // Explain knows of no original address.
  void tell_passthrough() {
    for (const ListenerSpec& listener : snapshot_.listeners) {
      if (listener.direction != Direction::kOutbound || !listener.destinations.anywhere) continue;
      step("outbound " + listener.name +
           ": a redirected connection goes on to its original address (unmatched: passthrough); "
           "one that was not redirected ends here");
    }
  }

  void explain_routes(const Route* chosen, const MatchInput& input) {
    bool behind = false;
    for (const auto& route : snapshot_.routes.routes()) {
      const auto why_not = route->match.why_not(input);
      if (route.get() == chosen) {
        step(route->name + ": matches");
        behind = true;
      } else if (why_not) {
        step(route->name + ": no: " + *why_not);
      } else if (behind) {
        step(route->name + ": would match too, but " + chosen->name + " comes first");
      }
    }
    if (chosen == nullptr && !snapshot_.routes.routes().empty()) {
      step("no route matches: the host decides");
    }
  }

  const ServiceEntry* follow(const Route& route) {
    out_.route = route.name;
    const auto* targets = std::get_if<std::vector<RouteTarget>>(&route.action);
    if (targets == nullptr) {
      answer(configured_answer(route, head_));
      return nullptr;
    }
    const auto heaviest = std::max_element(
        targets->begin(), targets->end(),
        [](const RouteTarget& a, const RouteTarget& b) { return a.weight < b.weight; });
    for (const RouteTarget& target : *targets) {
      std::string share = targets->size() == 1 ? ""
                                               : " with weight " + std::to_string(target.weight) +
                                                     " of " + std::to_string(route.total_weight);
      if (targets->size() > 1 && &target == &*heaviest) share += " (followed here)";
      step(route.name + " sends to service " + std::string(target.service->service.name()) + share);
    }
    if (!heaviest->filters.empty()) slots_ = &heaviest->filters;
    out_.service = heaviest->service->service.name();
    if (route.rewrite_prefix) {
      rewrite_path(route, head_);
      step("the path becomes " + in_quotes(head_.path));
    }
    if (route.mirror) {
      step(config::show(config::Share{route.mirror->share}) + " of such requests are copied to " +
           std::string(route.mirror->service->service.name()));
    }
    return heaviest->service;
  }

  void answer(LocalReply reply) {
    out_.answer = {reply.effective_status(), std::move(reply.location), std::move(reply.body)};
    step(out_.route + " answers " + std::to_string(out_.answer->status) +
         (out_.answer->location.empty() ? "" : " to " + out_.answer->location));
  }

  // As color_routing does for the first try.
  bool choose_pool(const ServiceEntry& entry) {
    const Service& service = entry.service;
    std::vector<PoolAsked> asked;
    PoolChoice choice;
    if (chain_.position("color_routing")) {
      choice = woad::choose_pool(service, info_.color, info_.tenant, request_.now, &asked);
    } else {
      step("color_routing is not in filters.outbound: every request goes to base");
      choice.pool = service.find_pool("", "");
      asked.push_back({pool_name("", ""), choice.pool});
    }
    list_chain(asked, choice.pool);
    if (choice.pool != nullptr) out_.pool = choice.pool->name;
    out_.reason = to_string(choice.reason);
    if (choice.error != ErrorCode::kNone) {
      refuse(refusal(choice, service, info_.color, info_.tenant, request_.now));
      return false;
    }
    if (choice.pool == nullptr || choice.pool->endpoints.empty()) {
      refuse({.code = ErrorCode::kNoEndpoint,
              .details = "service " + out_.service + " has no endpoint in pool " +
                         (choice.pool == nullptr ? "base" : out_.pool)});
      return false;
    }
    return true;
  }

  std::string verdict_on(const Pool* pool, const Pool* chosen) const {
    if (pool == nullptr) return "absent";
    if (pool->endpoints.empty()) return "no endpoint";
    if (!pool->may_answer(request_.now) && (pool != chosen || refuses(*pool))) return "unhealthy";
    return pool == chosen ? "chosen" : "passed over";
  }
  static bool refuses(const Pool& pool) { return pool.on_unhealthy == OnUnhealthy::kFail; }
  std::string unfit(const Endpoint& endpoint) const {
    if (endpoint.unhealthy()) return "failed its health check";
    if (endpoint.is_over(request_.now)) return "left its service, and does not answer";
    return endpoint.may_answer(request_.now) ? "" : "ejected";
  }

  void list_chain(const std::vector<PoolAsked>& asked, const Pool* chosen) {
    for (const auto& [name, pool] : asked) {
      const bool known =
          std::any_of(out_.chain.begin(), out_.chain.end(),
                      [&name = name](const auto& earlier) { return earlier.pool == name; });
      if (known) continue;
      const std::string verdict = verdict_on(pool, chosen);
      std::string sentence = "pool " + name + " of " + out_.service + ": " + verdict;
      if (pool != nullptr && !pool->endpoints.empty() && !pool->may_answer(request_.now)) {
        sentence += ": " + why_unhealthy(*pool, request_.now);
        if (pool == chosen && !refuses(*pool)) {
          sentence += "; all are tried (on_unhealthy: panic)";
        }
      }
      step(std::move(sentence));
      out_.chain.push_back({name, verdict});
    }
  }

  void list_endpoints(const Service& service) {
    const auto pool =
        std::find_if(service.pools().begin(), service.pools().end(),
                     [&](const Pool& candidate) { return candidate.name == out_.pool; });
    bool reachable = false;
    for (const Endpoint& endpoint : pool->endpoints) {
      reachable = reachable || endpoint.unresolved.empty();
      out_.endpoints.push_back(
          {endpoint.name, endpoint.weight, endpoint.unresolved, unfit(endpoint)});
    }
    step(std::to_string(pool->endpoints.size()) + " endpoint" +
         (pool->endpoints.size() == 1 ? "" : "s") + ", chosen by " +
         std::string(to_string(service.policy)));
    if (!reachable && !request_.offline) {
      refuse({.code = ErrorCode::kConnectFailed, .details = pool->endpoints.front().unresolved});
    }
  }

  void tell_channel(const Channel& channel) {
    if (channel.tls == nullptr) return;
    const TlsClientOptions& options = *channel.tls_options;
    const Svid* ours = channel.tls->material().svid();
    if (ours == nullptr) {
      step("by TLS: the server must prove the name " + options.sni);
      return;
    }
    const std::string anyone = "anyone of " + ours->trust_domain;
    step("by mutual TLS: we are " + ours->id + ", the server must be " +
         (options.expected.empty() ? anyone : options.expected));
  }

  const Snapshot& snapshot_;
  const ExplainRequest& request_;
  ArenaPool chunks_;
  Arena arena_{chunks_};
  RequestHead head_;
  const FilterChain& chain_;
  const FilterSlots* slots_ = nullptr;
  ExchangeInfo info_;
  Scheduler scheduler_{request_.now};
  Random random_{1};
  WorkerMetrics metrics_;  // nobody reads them
  const FilterServices services_{scheduler_, random_, metrics_, snapshot_.context};
  Explanation out_;
};

}  // namespace

Result<Explanation> explain(const Snapshot& snapshot, const ExplainRequest& request) {
  return Explainer(snapshot, request).run();
}

}  // namespace woad
