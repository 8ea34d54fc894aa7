#include "proxy/control/fleet/member.h"

#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
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
  const auto text_of = [&json](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto time_of = [&json](const char* key) { return from_millis(json.value(key, Json())); };
  Member member;
  const std::string result = text_of("result");
  if (result == "applied") member.outcome = Member::Outcome::kApplied;
  if (result == "rejected") member.outcome = Member::Outcome::kRejected;
  member.sha256 = text_of("sha256");
  member.version = text_of("version");
  member.skeleton = text_of("skeleton");
  member.error = text_of("error");
  member.instead = text_of("instead");
  member.told = time_of("told");
  member.polled = time_of("polled");
  return member;
}

}  // namespace woad::control
