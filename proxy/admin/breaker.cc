#include "proxy/admin/breaker.h"

#include <optional>
#include <string>
#include <utility>

#include "proxy/admin/query.h"
#include "proxy/base/strings.h"

namespace woad {
namespace {

std::optional<Breaker::Forced> forced_of(std::string_view word) {
  if (word == "open") return Breaker::Forced::kOpen;
  if (word == "closed") return Breaker::Forced::kClosed;
  if (word == "auto") return Breaker::Forced::kNot;
  return std::nullopt;
}

const Pool* find_pool(const Snapshot& snapshot, std::string_view service, std::string_view name) {
  for (const auto& entry : snapshot.services) {
    if (entry->service.name() != service) continue;
    for (const Pool& pool : entry->service.pools()) {
      if (pool.name == name) return &pool;
    }
  }
  return nullptr;
}

}  // namespace

WebResponse force_breaker(const Snapshot& snapshot, std::string_view query) {
  const std::string service = percent_decoded(query_value(query, "service").value_or(""), true);
  const std::string pool_name = percent_decoded(query_value(query, "pool").value_or("base"), true);
  const std::string_view word = query_value(query, "state").value_or("");
  const auto forced = forced_of(word);
  if (service.empty() || !forced) {
    return plain(400, "say which: /breaker?service=price&pool=base&state=open, closed or auto\n");
  }
  const Pool* pool = find_pool(snapshot, service, pool_name);
  if (pool == nullptr) return plain(404, "no such service and pool; see /services\n");
  if (!snapshot.chain(Direction::kOutbound).position("circuit_breaker")) {
    return plain(409, "there is no circuit_breaker in filters.outbound, so nothing goes by it\n");
  }
  pool->health->breaker.force(*forced);
  return plain(200, "the breaker of pool " + pool_name + " of service " + service + " is now " +
                        (*forced == Breaker::Forced::kNot ? "its own master" : std::string(word)) +
                        "\n");
}

}  // namespace woad
