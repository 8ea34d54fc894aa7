// Roll-outs as a store keeps them. Skeletons are packed: two of them, nearly the same, may be
// larger than what a key of etcd or an object of Kubernetes holds.
#include <nlohmann/json.hpp>

#include <array>

#include "proxy/base/base64.h"
#include "proxy/base/json.h"
#include "proxy/compress/zstd.h"
#include "proxy/control/fleet/rollout.h"
#include "proxy/control/fleet/words.h"

namespace woad::control {
namespace {

using Json = nlohmann::json;
using State = Rollout::State;

constexpr size_t kMostUnpacked = size_t{128} << 20;

std::string text_of(const SkeletonPtr& skeleton) {
  return skeleton == nullptr ? std::string() : skeleton->to_text();
}

Result<SkeletonPtr> skeleton_of(const Json& text) {
  if (!text.is_string()) return Error{"holds no skeleton"};
  if (text == "") return SkeletonPtr();
  return Skeleton::from_text(text.get<std::string>());
}

std::optional<State> state_of(const Json& word) {
  for (const State state : {State::kDone, State::kRolling, State::kHalted, State::kRolledBack}) {
    if (word == to_string(state)) return state;
  }
  return std::nullopt;
}

Result<std::array<SkeletonPtr, 2>> unpack(const Json& packed) {
  if (!packed.is_string()) return Error{"holds no skeletons"};
  const auto bytes = from_base64(packed.get<std::string>());
  if (!bytes) return Error{"holds skeletons that are no Base64"};
  const auto text = zstd_decompress(*bytes, kMostUnpacked);
  if (!text) return Error{"holds skeletons that do not unpack: " + text.error().message};
  const Json pair = parse_json(*text);
  if (!pair.is_array() || pair.size() != 2) return Error{"holds no two skeletons"};
  std::array<SkeletonPtr, 2> skeletons;
  for (size_t i = 0; i < 2; ++i) {
    auto skeleton = skeleton_of(pair[i]);
    if (!skeleton) return skeleton.error();
    skeletons[i] = std::move(*skeleton);
  }
  return skeletons;
}

}  // namespace

std::string to_text(const Rollout& rollout) {
  const Json skeletons = {text_of(rollout.accepted), text_of(rollout.candidate)};
  Json json = {{"state", to_string(rollout.state)},
               {"documents", rollout.documents},
               {"step", rollout.step},
               {"since", to_millis(rollout.since)},
               {"resumed", to_millis(rollout.resumed)},
               {"error", rollout.error},
               {"skeletons", base64(zstd_compress(json_line(skeletons)))}};
  if (rollout.complete) json["complete"] = to_millis(*rollout.complete);
  return json_line(json);
}

Result<Rollout> parse_rollout(std::string_view text) {
  const Json json = parse_json(text);
  if (!json.is_object()) return Error{"is no JSON object"};
  const auto value = [&json](const char* key) { return json.value(key, Json()); };
  const auto number = [&](const char* key) {
    return value(key).is_number_unsigned() ? value(key).get<uint64_t>() : 0;
  };
  const auto state = state_of(value("state"));
  if (!state) return Error{"has no state"};
  auto skeletons = unpack(value("skeletons"));
  if (!skeletons) return skeletons.error();
  const bool goes_on = *state != State::kDone;
  if (goes_on && ((*skeletons)[0] == nullptr || (*skeletons)[1] == nullptr)) {
    return Error{"is under way without its skeletons"};
  }
  Rollout rollout;
  rollout.state = *state;
  rollout.documents = number("documents");
  rollout.accepted = std::move((*skeletons)[0]);
  if (goes_on) rollout.candidate = std::move((*skeletons)[1]);
  rollout.step = number("step");
  rollout.since = from_millis(value("since"));
  if (json.contains("complete")) rollout.complete = from_millis(json["complete"]);
  if (value("error").is_string()) rollout.error = value("error").get<std::string>();
  rollout.resumed = from_millis(value("resumed"));
  return rollout;
}

}  // namespace woad::control
