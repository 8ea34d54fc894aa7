#include "proxy/snapshot/route_choice.h"

namespace woad {

RouteChoice choose_route(const Snapshot& snapshot, const MatchInput& input, Random& random) {
  RouteChoice choice;
  choice.settings = &snapshot.chain(Direction::kOutbound).slots();
  // Routes are about HTTP.
  const bool opaque = input.head.protocol == Protocol::kTcp;
  choice.route = opaque ? nullptr : snapshot.routes.find(input);
  if (choice.route == nullptr) {
    choice.service = snapshot.hosts.find(input.host);
    if (choice.service != nullptr && !choice.service->filters.empty()) {
      choice.settings = &choice.service->filters;
    }
    return choice;
  }
  if (!choice.route->filters.empty()) choice.settings = &choice.route->filters;
  if (const RouteTarget* target = choice.route->pick(random)) {
    choice.service = target->service;
    if (!target->filters.empty()) choice.settings = &target->filters;
  }
  return choice;
}

}  // namespace woad
