#include "proxy/control/plane/api_words.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/values.h"
#include "proxy/base/json.h"
#include "proxy/base/strings.h"
#include "proxy/control/plane/api.h"
#include "proxy/match/query.h"
#include "proxy/observe/json_text.h"

namespace woad::control {
namespace {

using Json = nlohmann::json;

constexpr size_t kHashDigits = 64;
constexpr size_t kLongestError = 4096;

std::string query_text(std::string_view query, std::string_view key) {
  ArenaPool chunks;
  Arena arena(chunks);
  return std::string(query_value(query, key, arena).value_or(""));
}

// "": it is no hash.
std::string read_hash(std::string_view text) {
  const bool good = text.size() == kHashDigits &&
                    std::all_of(text.begin(), text.end(), [](char c) { return hex_digit(c) >= 0; });
  return good ? lower(text) : std::string();
}

// "": it is left out, or null.
Result<std::string> text_in(const Json& body, const std::string& key) {
  const auto at = body.find(key);
  if (at == body.end() || at->is_null()) return std::string();
  if (!at->is_string()) return Error{key + " must be a text"};
  return at->get<std::string>();
}

}  // namespace

std::string service_named(const Plane& plane, const std::string& asked) {
  if (plane.view().has_service(asked)) return asked;
  const size_t dot = asked.rfind('.');
  const auto& catalog = plane.catalogs().last_with_mesh();
  if (dot == std::string::npos || catalog == nullptr) return {};
  const std::string name = asked.substr(0, dot);
  const auto at = catalog->services.find(name);
  const bool is_it = at != catalog->services.end() && plane.view().has_service(name) &&
                     at->second.name_space == asked.substr(dot + 1);
  return is_it ? name : std::string();
}

bool is_instance_name(std::string_view text) { return is_plain_name(text) && text.front() != '.'; }

Result<Poll> read_poll(const RequestHead& head) {
  const std::string_view query = head.query();
  Poll poll;
  poll.instance = query_text(query, "instance");
  if (!is_instance_name(poll.instance)) {
    return Error{"instance is needed: " + std::string(kInstanceName)};
  }
  const std::string have = query_text(query, "have");
  poll.have = read_hash(have);
  if (!have.empty() && poll.have.empty()) {
    return Error{"have must be a SHA-256, 64 hexadecimal digits, or empty"};
  }
  const std::string wait = query_text(query, "wait");
  poll.wait = Api::kUsualWait;
  if (!wait.empty()) {
    const auto duration = config::parse_duration(wait);
    if (!duration) return Error{"wait " + duration.error().message};
    poll.wait = std::min<Duration>(*duration, Api::kLongestWait);
  }
  poll.acceptance = read_acceptance(head.headers);
  return poll;
}

Result<MemberBook::Status> read_status(const std::string& json) {
  const Json body = parse_json(json);
  if (!body.is_object()) {
    return Error{R"(the body must be JSON such as {"sha256": "…", "result": "applied"})"};
  }
  MemberBook::Status status;
  const auto hash = text_in(body, "sha256");
  const auto result = text_in(body, "result");
  const auto version = text_in(body, "version");
  const auto error = text_in(body, "error");
  for (const auto* const each : {&hash, &result, &version, &error}) {
    if (!*each) return each->error();
  }
  status.sha256 = read_hash(*hash);
  if (status.sha256.empty()) return Error{"sha256 must be 64 hexadecimal digits"};
  if (*result == to_string(Member::Outcome::kApplied)) {
    status.outcome = Member::Outcome::kApplied;
  } else if (*result == to_string(Member::Outcome::kRejected)) {
    status.outcome = Member::Outcome::kRejected;
  } else {
    return Error{"result must be \"applied\" or \"rejected\""};
  }
  status.version = cut_text(*version, kHashDigits);
  status.error = cut_text(*error, kLongestError);
  return status;
}

std::optional<RolloutDesk::Order> order_of(std::string_view word) {
  if (word == "halt") return RolloutDesk::Order::kHalt;
  if (word == "resume") return RolloutDesk::Order::kResume;
  if (word == "rollback") return RolloutDesk::Order::kRollBack;
  return std::nullopt;
}

}  // namespace woad::control
