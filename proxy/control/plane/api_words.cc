#include "proxy/control/plane/api_words.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "config/values.h"
#include "proxy/base/strings.h"
#include "proxy/control/plane/api.h"
#include "proxy/match/query.h"
#include "proxy/observe/json_text.h"

namespace woad::control {
namespace {

using Json = nlohmann::json;

constexpr size_t kLongestName = 253;
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

std::string text_in(const Json& body, const char* key) {
  const auto at = body.find(key);
  return at != body.end() && at->is_string() ? at->get<std::string>() : std::string();
}

}  // namespace

std::string service_named(const Plane& plane, const std::string& asked) {
  if (plane.view().has_service(asked)) return asked;
  const size_t dot = asked.rfind('.');
  const auto& catalog = plane.catalogs().last_with_mesh();
  if (dot == std::string::npos || catalog == nullptr) return {};
  const std::string name = asked.substr(0, dot);
  const auto at = catalog->services().find(name);
  const bool is_it = at != catalog->services().end() && plane.view().has_service(name) &&
                     at->second.name_space == asked.substr(dot + 1);
  return is_it ? name : std::string();
}

bool is_instance_name(std::string_view text) {
  const auto fits = [](char c) {
    const char low = to_lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  return !text.empty() && text.size() <= kLongestName && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), fits);
}

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
  const Json body = Json::parse(json, nullptr, false);
  if (!body.is_object()) {
    return Error{R"(the body must be JSON such as {"sha256": "…", "result": "applied"})"};
  }
  MemberBook::Status status;
  status.sha256 = read_hash(text_in(body, "sha256"));
  if (status.sha256.empty()) return Error{"sha256 must be 64 hexadecimal digits"};
  const std::string result = text_in(body, "result");
  if (result == to_string(Member::Outcome::kApplied)) {
    status.outcome = Member::Outcome::kApplied;
  } else if (result == to_string(Member::Outcome::kRejected)) {
    status.outcome = Member::Outcome::kRejected;
  } else {
    return Error{"result must be \"applied\" or \"rejected\""};
  }
  status.version = cut_text(text_in(body, "version"), kHashDigits);
  status.error = cut_text(text_in(body, "error"), kLongestError);
  return status;
}

std::optional<RolloutDesk::Order> order_of(std::string_view word) {
  if (word == "halt") return RolloutDesk::Order::kHalt;
  if (word == "resume") return RolloutDesk::Order::kResume;
  if (word == "rollback") return RolloutDesk::Order::kRollBack;
  return std::nullopt;
}

}  // namespace woad::control
