#include "proxy/server/suspect_watch.h"

#include <algorithm>
#include <utility>

#include "proxy/log/log.h"

namespace woad {

void SuspectWatch::adopt(const Snapshot& running) {
  const std::vector<Suspect> before = std::exchange(suspects_, {});
  for (const auto& entry : running.services) {
    if (!entry->has_suspects) continue;
    std::string new_ones;
    for (const Pool& pool : entry->service.pools()) {
      for (const Endpoint& endpoint : pool.endpoints) {
        if (!endpoint.suspect_until) continue;
        Suspect suspect{std::string(entry->service.name()), endpoint};
        const bool known = std::any_of(before.begin(), before.end(),
                                       [&](const Suspect& other) { return other.is(suspect); });
        if (!known) new_ones += (new_ones.empty() ? "" : ", ") + endpoint.name;
        suspects_.push_back(std::move(suspect));
      }
    }
    if (new_ones.empty()) continue;
    log_warn(
        "the endpoints of a service became less than half at once: those that left stay in use "
        "while they answer, for 90s at most",
        {{"service", entry->service.name()}, {"endpoints", new_ones}});
  }
}

bool SuspectWatch::any_over(MonoTime now) {
  const auto is_over = [&](const Suspect& suspect) {
    if (!suspect.endpoint.is_over(now)) return false;
    const bool in_time = now < *suspect.endpoint.suspect_until;
    log_info("an endpoint that had left its service is let go",
             {{"service", suspect.service},
              {"endpoint", suspect.endpoint.name},
              {"why", in_time ? "it does not answer well any more" : "its time is over"}});
    return true;
  };
  return std::erase_if(suspects_, is_over) > 0;
}

}  // namespace woad
