#include "proxy/control/plane/api.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "config/values.h"
#include "proxy/base/json.h"
#include "proxy/base/strings.h"
#include "proxy/control/plane/access.h"
#include "proxy/control/plane/answers.h"
#include "proxy/control/plane/api_words.h"
#include "proxy/control/plane/pages.h"
#include "proxy/http/browser.h"

namespace woad::control {
namespace {

constexpr std::string_view kRoot = "/v1/";

// "/v1/config/price" is "config", "price"; nothing: it is no path of this API.
std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  if (!path.starts_with(kRoot)) return segments;
  path.remove_prefix(kRoot.size());
  while (true) {
    const size_t slash = path.find('/');
    segments.push_back(percent_decoded(path.substr(0, slash), false));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

WebResponse json_response(std::string body) {
  return {.content_type = "application/json", .body = std::move(body)};
}

bool is_read(const RequestHead& head) {
  return head.method == Method::kGet || head.method == Method::kHead;
}

}  // namespace

const Api::Route Api::kRoutes[] = {
    {"GET", "config", 1, &Api::config},
    {"POST", "status", 2, &Api::status},
    {"PUT", "instances", 2, &Api::put_instance},
    {"DELETE", "instances", 2, &Api::remove_instance},
    {"GET", "instances", 1, &Api::instances},
    {"GET", "services", 0, &Api::show_page<services_page>},
    {"GET", "rollouts", 0, &Api::show_page<rollouts_page>},
    {"POST", "rollouts", 2, &Api::order},
    {"GET", "problems", 0, &Api::show_page<problems_page>},
    {"GET", "fleet", 0, &Api::show_page<fleet_page>},
};

std::unique_ptr<WebPending> Api::answer(WebRequest request, Done done) {
  const std::string_view path = request.head.path_only();
  std::string_view name = "other";
  for (const Route& route : kRoutes) {
    if (path.starts_with(kRoot) && path.substr(kRoot.size()).starts_with(route.first)) {
      name = route.first;
    }
  }
  return dispatch(request, [counts = counts_, name, done = std::move(done)](WebResponse response) {
    ++(*counts)[{name, response.status}];
    done(std::move(response));
  });
}

Api::Pending Api::dispatch(WebRequest& request, Done done) {
  const RequestHead& head = request.head;
  Call call{request, segments_of(head.path_only()), std::move(done)};
  if (request.caller.kind == WebCaller::Kind::kUnknown) {
    return end(call, denied("the API is for callers with a SPIFFE id, or on its own machine"));
  }
  const bool local = request.caller.kind == WebCaller::Kind::kLocal;
  if (local && (!is_loopback_host(head.authority) || from_foreign_page(head))) {
    return end(call, denied("in plaintext it answers only to 127.0.0.1, [::1] or localhost as "
                            "Host, and to no page"));
  }
  const auto first = call.path.empty() ? std::string() : std::move(call.path.front());
  if (!call.path.empty()) call.path.erase(call.path.begin());
  std::string allowed;
  for (const Route& route : kRoutes) {
    if (route.first != first || route.segments != call.path.size()) continue;
    if (route.method == head.method_name || (route.method == "GET" && is_read(head))) {
      return (this->*route.handle)(call);
    }
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method) +
               (route.method == "GET" ? ", HEAD" : "");
  }
  if (allowed.empty()) {
    return end(call, not_known("there is no such call; config/control.md lists them"));
  }
  WebResponse response = refuse(405, "bad_request", "this path takes " + allowed);
  response.headers.emplace_back("allow", allowed);
  return end(call, std::move(response));
}

std::string Api::known_service(Call& call) {
  const std::string& asked = call.path.front();
  const std::string not_ready = plane_.not_ready();
  if (!not_ready.empty()) {
    call.done(not_now(not_ready));
  } else if (std::string name = service_named(plane_, asked); !name.empty()) {
    return name;
  } else {
    call.done(not_known("there is no service " + config::in_quotes(asked)));
  }
  return {};
}

std::string Api::own_service(Call& call) {
  std::string name = known_service(call);
  if (name.empty() || owns(plane_, call.request.caller, name)) return name;
  if (plane_.catalogs().last_with_mesh() == nullptr) {
    call.done(not_now("mesh.yaml does not hold, so that nobody is known yet"));
  } else {
    call.done(denied(words_of(call.request.caller) + " is not of " + name +
                     "; its identities say who is"));
  }
  return {};
}

bool Api::may_read(Call& call) {
  if (reads(plane_, call.request.caller)) return true;
  call.done(denied(words_of(call.request.caller) + " is not among control.readers"));
  return false;
}

Api::Pending Api::config(Call& call) {
  Result<Poll> poll = read_poll(call.request.head);
  if (!poll) return end(call, bad_request(poll.error().message));
  poll->service = own_service(call);
  if (poll->service.empty()) return nullptr;
  return plane_.poll(std::move(*poll), std::move(call.done));
}

Api::Pending Api::status(Call& call) {
  const std::string service = own_service(call);
  if (service.empty()) return nullptr;
  const auto status = read_status(call.request.body);
  if (!status || !is_instance_name(call.path[1])) {
    return end(call, bad_request(status ? std::string(kInstanceName) : status.error().message));
  }
  plane_.report({service, call.path[1]}, *status,
                [done = std::move(call.done)] { done({.status = 204}); });
  return nullptr;
}

Api::Pending Api::put_instance(Call& call) {
  const std::string service = own_service(call);
  if (service.empty()) return nullptr;
  Result<Instance> instance = read_registration(call.request.body);
  std::string wrong = instance ? "" : instance.error().message;
  if (!is_instance_name(call.path[1])) wrong = kInstanceName;
  if (plane_.discovers()) wrong = "instances come from Kubernetes here; nobody registers";
  if (!wrong.empty()) return end(call, bad_request(wrong));
  const nlohmann::ordered_json terms = {{"lease", config::show(plane_.settings().lease)},
                                        {"heartbeat", config::show(plane_.settings().heartbeat)}};
  plane_.put({service, call.path[1]}, std::move(*instance),
             [done = std::move(call.done), body = json_line(terms) + "\n"](
                 Registrar::Outcome outcome, const std::string& why) {
               switch (outcome) {
                 case Registrar::Outcome::kDone: return done(json_response(body));
                 case Registrar::Outcome::kHeld: return done(conflict(why));
                 case Registrar::Outcome::kFull: return done(not_now(why));
                 case Registrar::Outcome::kFailed:
                   return done(not_now("it cannot be written down: " + why));
               }
             });
  return nullptr;
}

Api::Pending Api::remove_instance(Call& call) {
  const std::string service = own_service(call);
  if (service.empty()) return nullptr;
  if (!is_instance_name(call.path[1])) return end(call, bad_request(std::string(kInstanceName)));
  plane_.remove({service, call.path[1]}, [done = std::move(call.done)](Registrar::Outcome outcome,
                                                                       const std::string& why) {
    const bool failed = outcome == Registrar::Outcome::kFailed;
    done(failed ? not_now("it cannot be written down: " + why) : WebResponse{.status = 204});
  });
  return nullptr;
}

Api::Pending Api::order(Call& call) {
  const auto order = order_of(call.path[1]);
  if (!order) {
    return end(call, not_known("what can be done with a roll-out is halt, resume and rollback"));
  }
  if (!operates(plane_, call.request.caller)) {
    return end(call, denied(words_of(call.request.caller) + " is not among control.operators"));
  }
  const std::string service = known_service(call);
  if (service.empty()) return nullptr;
  plane_.order(
      service, *order, words_of(call.request.caller),
      [this, service, done = std::move(call.done)](RolloutDesk::Outcome outcome,
                                                   const std::string& why) {
        switch (outcome) {
          case RolloutDesk::Outcome::kDone:
            return done(json_response(rollout_page(plane_, service)));
          case RolloutDesk::Outcome::kNotNow: return done(conflict(why));
          case RolloutDesk::Outcome::kFailed:
            return done(not_now("it cannot be written down: " + why));
          case RolloutDesk::Outcome::kUnseen:
            return done(not_now("it is written down, and the store went away with it: " + why));
        }
      });
  return nullptr;
}

Api::Pending Api::end(Call& call, WebResponse response) {
  call.done(std::move(response));
  return nullptr;
}

Api::Pending Api::instances(Call& call) {
  if (!may_read(call)) return nullptr;
  const std::string service = known_service(call);
  if (service.empty()) return nullptr;
  return end(call, json_response(instances_page(plane_, service)));
}

template <std::string (*page)(const Plane&)>
Api::Pending Api::show_page(Call& call) {
  return may_read(call) ? end(call, json_response(page(plane_))) : nullptr;
}

}  // namespace woad::control
