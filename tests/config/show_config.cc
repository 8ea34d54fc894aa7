#include "tests/config/show_config.h"

namespace woad::config {

namespace {

std::string show_node(const Node& node) {
  std::string text = in_quotes(node.key()) + "=" + std::string(node.kind_name());
  if (node.is_scalar()) text += ":" + std::string(node.text());
  text += "{";
  for (const Node item : node.items()) text += show_node(item) + ",";
  return text + "}";
}

template <class T>
std::string show_number(T value) {
  return " " + std::to_string(static_cast<unsigned>(value));
}

std::string show_text(const std::optional<Located<std::string>>& text) {
  return text ? " " + **text : " -";
}

std::string show_balancing(const LoadBalancing& balancing) {
  std::string text = show_number(balancing.policy);
  if (!balancing.key) return text;
  return text + " " + balancing.key->header.value_or("-") + " " +
         balancing.key->cookie.value_or("-") + show_number(balancing.key->source_ip);
}

std::string show_subset(const Subset& subset) {
  return show_number(subset.size) + (subset.index ? show_number(*subset.index) : " -");
}

std::string show_service(const Service& service) {
  std::string text = "service " + service.name;
  for (const auto& host : service.hosts) text += " " + *host;
  text += show_number(service.protocol) + show_number(service.external) +
          show_balancing(service.load_balancing) + show_number(service.fallback);
  if (service.subset) text += " subset" + show_subset(*service.subset);
  if (service.locality) {
    text += " near " + service.locality->prefer + " " + show(service.locality->spill_below);
  }
  text += service.tls.mode ? show_number(*service.tls.mode) : " -";
  for (const auto& peer : service.tls.peer) text += " " + *peer;
  text += show_text(service.tls.sni) + show_text(service.tls.ca) + "\n";
  for (const Endpoint& endpoint : service.endpoints) {
    text += "  " + endpoint.address->to_string() + show_number(endpoint.weight);
    for (const auto& [key, value] : endpoint.labels) text += " " + key + "=" + *value;
    text += "\n";
  }
  for (const PoolSettings& pool : service.pools) {
    text += "  pool " + pool.name + show_number(pool.on_unhealthy) + "\n";
  }
  for (const FilterSettings& filter : service.filters) {
    text += "  " + filter.name + " " + show_node(filter.settings) + "\n";
  }
  return text;
}

}  // namespace

std::string show_config(const Config& config) {
  std::string text = config.hash + "\n" + config.source_text() + "\n";
  for (const Node part : config.source.items()) {
    if (part.key() != "services") text += show_node(part) + "\n";
  }
  for (const auto& service : config.services) text += show_service(*service);
  return text;
}

}  // namespace woad::config
