#include "proxy/control/fleet/member.h"

#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/base/json_reading.h"
#include "proxy/control/fleet/words.h"

namespace woad::control {

using Json = nlohmann::json;

std::string_view to_string(Member::Outcome outcome) {
  switch (outcome) {
    case Member::Outcome::kNone: break;
    case Member::Outcome::kApplied: return "applied";
    case Member::Outcome::kRejected: return "rejected";
  }
  return "";
}

std::string to_text(const Member& member) {
  return json_line(Json{{"result", to_string(member.outcome)},
                        {"sha256", member.sha256},
                        {"version", member.version},
                        {"skeleton", member.skeleton},
                        {"error", member.error},
                        {"instead", member.instead},
                        {"told", to_millis(member.told)},
                        {"polled", to_millis(member.polled)}});
}

Result<Member> parse_member(std::string_view text) {
  const Json json = parse_json(text);
  if (!json.is_object()) return Error{"is no JSON object"};
  Member member;
  const std::string result = json::text(json, "result");
  if (result == "applied") member.outcome = Member::Outcome::kApplied;
  if (result == "rejected") member.outcome = Member::Outcome::kRejected;
  member.sha256 = json::text(json, "sha256");
  member.version = json::text(json, "version");
  member.skeleton = json::text(json, "skeleton");
  member.error = json::text(json, "error");
  member.instead = json::text(json, "instead");
  member.told = from_millis(json::at(json, "told"));
  member.polled = from_millis(json::at(json, "polled"));
  return member;
}

}  // namespace woad::control
