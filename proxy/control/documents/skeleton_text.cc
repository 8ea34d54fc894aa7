// Skeletons as a store keeps them.
#include <nlohmann/json.hpp>
#include <utility>

#include "proxy/base/json.h"
#include "proxy/control/documents/skeleton.h"

namespace woad::control {
namespace {

using Json = nlohmann::json;

Json endpoints_of(const Block& block) {
  Json list = Json::array();
  for (const Block::Endpoint& each : block.endpoints()) list.push_back({each.address, each.text});
  return list;
}

}  // namespace

std::string Skeleton::to_text() const {
  Json uses = Json::array();
  for (const Used& used : uses_) {
    uses.push_back({{"name", used.name},
                    {"text", used.block->text()},
                    {"endpoints", endpoints_of(*used.block)}});
  }
  const Json all = {{"head", head_}, {"uses", std::move(uses)}};
  return json_line(all);
}

Result<SkeletonPtr> Skeleton::from_text(std::string_view text) {
  try {
    const Json all = parse_json(text);
    std::vector<Used> uses;
    for (const Json& each : all.at("uses")) {
      std::vector<Block::Endpoint> endpoints;
      for (const Json& endpoint : each.at("endpoints")) {
        endpoints.push_back({endpoint.at(0).get<std::string>(), endpoint.at(1).get<std::string>()});
      }
      uses.push_back({each.at("name").get<std::string>(),
                      std::make_shared<const Block>(each.at("text").get<std::string>(),
                                                    std::move(endpoints))});
    }
    return std::make_shared<const Skeleton>(all.at("head").get<std::string>(), std::move(uses));
  } catch (const Json::exception& exception) {
    return Error{std::string("holds no skeleton: ") + exception.what()};
  }
}

}  // namespace woad::control
