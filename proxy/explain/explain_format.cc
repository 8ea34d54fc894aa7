#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/explain/explain.h"

namespace woad {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json answer_json(const std::optional<Explanation::Answer>& answer) {
  if (!answer) return nullptr;
  return {{"status", answer->status},
          {"location", or_null(answer->location)},
          {"body", or_null(answer->body)}};
}

}  // namespace

std::string to_json(const Explanation& explanation) {
  Json chain = Json::array();
  for (const auto& [pool, verdict] : explanation.chain) {
    chain.push_back({{"pool", pool}, {"verdict", verdict}});
  }
  Json endpoints = Json::array();
  for (const auto& [address, weight, unresolved, unfit] : explanation.endpoints) {
    endpoints.push_back({{"address", address},
                         {"weight", weight},
                         {"unresolved", or_null(unresolved)},
                         {"unfit", or_null(unfit)}});
  }
  const Json json = {
      {"request", explanation.request},
      {"color", explanation.color.empty() ? "base" : explanation.color},
      {"tenant", or_null(explanation.tenant)},
      {"source", or_null(explanation.source)},
      {"route", or_null(explanation.route)},
      {"service", or_null(explanation.service)},
      {"pool", or_null(explanation.pool)},
      {"reason", or_null(explanation.reason)},
      {"chain", std::move(chain)},
      {"endpoints", std::move(endpoints)},
      {"answer", answer_json(explanation.answer)},
      {"steps", explanation.steps},
      {"error", or_null(explanation.error)},
      {"status", explanation.refused() ? Json(explanation.status) : Json(nullptr)},
      {"why", or_null(explanation.why)},
  };
  return json_page(json);
}

std::string to_text(const Explanation& explanation) {
  std::string text = explanation.request + "\n";
  for (const std::string& step : explanation.steps) text += "  " + step + "\n";
  for (const auto& [address, weight, unresolved, unfit] : explanation.endpoints) {
    text += "    " + address + "  weight " + std::to_string(weight);
    for (const std::string& trouble : {unresolved, unfit}) {
      if (!trouble.empty()) text += "  (" + trouble + ")";
    }
    text += "\n";
  }
  if (explanation.refused()) {
    return text + "=> refused: " + std::to_string(explanation.status) + " " + explanation.error +
           (explanation.reason.empty() ? "" : " (" + explanation.reason + ")") + "\n";
  }
  if (explanation.answer) {
    return text + "=> answered here: " + std::to_string(explanation.answer->status) + "\n";
  }
  return text + "=> service " + explanation.service + ", pool " + explanation.pool + " (" +
         explanation.reason + ")\n";
}

}  // namespace woad
