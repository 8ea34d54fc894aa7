#include "filters/rate_limit/config.h"

#include "proxy/base/strings.h"

namespace woad {
namespace {

using config::Diagnostics;
using config::Node;

constexpr uint64_t kMostRequests = 1'000'000'000;

struct Period {
  char letter;
  Duration length;
};
constexpr Period kPeriods[] = {{'s', seconds(1)}, {'m', minutes(1)}, {'h', hours(1)}};

Result<Rate> parse_rate(std::string_view text) {
  if (text == "none") return Rate{};
  const Error error{config::in_quotes(text) + " is not a rate"};
  if (text.size() < 3 || text[text.size() - 2] != '/') return error;
  const auto count = parse_decimal(text.substr(0, text.size() - 2));
  if (!count) return error;
  if (*count == 0 || *count > kMostRequests) return Error{std::string(text) + " is out of range"};
  for (const Period& period : kPeriods) {
    if (text.back() == period.letter) return Rate{*count, period.length};
  }
  return error;
}

config::Shape<Rate> rate() {
  return config::scalar<Rate>(
      "rate", "a rate is written 100/s, 100/m or 100/h, or none",
      [] { return config::detail::pattern_schema("^(none|[0-9]+/[smh])$", "100/s"); }, parse_rate,
      [](const Rate& shown) { return show(shown); });
}

config::Shape<RateKey::Kind> key_word() {
  return config::words<RateKey::Kind>({{"none", RateKey::Kind::kNone},
                                       {"tenant", RateKey::Kind::kTenant},
                                       {"color", RateKey::Kind::kColor},
                                       {"principal", RateKey::Kind::kPrincipal}});
}

bool decode_key(const Node& node, RateKey& out, Diagnostics& diagnostics) {
  RateKey key;
  if (!node.is_map()) {
    if (!key_word().decode(node, key.kind, diagnostics)) return false;
    out = std::move(key);
    return true;
  }
  const Node header = node.find("header");
  if (!header || node.size() != 1) {
    diagnostics.error(node, "is a map of one key", "write { header: x-user-id }");
    return false;
  }
  std::string name;
  if (!config::header_name().decode(header, name, diagnostics)) return false;
  key.kind = RateKey::Kind::kHeader;
  key.header.emplace(name);
  out = std::move(key);
  return true;
}

config::Shape<RateKey> key() {
  return {"none, tenant, color, principal or { header: name }",
          [] {
            return R"({"oneOf":[)" +
                   config::detail::words_schema({"none", "tenant", "color", "principal"}) +
                   R"(,{"type":"object","required":["header"],"additionalProperties":false,)" +
                   R"("properties":{"header":)" + config::detail::string_schema() + "}}]}";
          },
          decode_key,
          [](const RateKey& shown) {
            return shown.kind == RateKey::Kind::kHeader ? "{ header: " + shown.header->text + " }"
                                                        : key_word().show(shown.kind);
          }};
}

}  // namespace

std::string show(const Rate& rate) {
  if (rate.count == 0) return "none";
  for (const Period& period : kPeriods) {
    if (rate.per == period.length) return std::to_string(rate.count) + "/" + period.letter;
  }
  return {};
}

const config::Table<RateLimitSettings> kRateLimitTable{
    {"rate", &RateLimitSettings::rate, rate(), "How many requests pass in the long run."},
    {"burst", &RateLimitSettings::burst, config::integer<uint32_t>(1, 1'000'000'000),
     "How many requests pass at once after a rest."},
    {"key", &RateLimitSettings::key, key(), "What has a rate of its own."},
};

}  // namespace woad
