#include "proxy/member/registration.h"

#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/base/json_reading.h"

namespace woad {
namespace {

constexpr Duration kShortest = seconds(1);
constexpr Duration kLongest = hours(1);

std::optional<Duration> heartbeat_in(std::string_view answer) {
  const auto interval = config::parse_duration(json::text(parse_json(answer), "heartbeat"));
  if (!interval || *interval < kShortest || *interval > kLongest) return std::nullopt;
  return *interval;
}

}  // namespace

Result<std::string> Registration::body(const Advertised& advertised, const Serving& serving,
                                       const std::optional<Address>& local) {
  const uint16_t port = advertised.port != 0 ? advertised.port : serving.port;
  if (port == 0) return Error{"the configuration has no inbound address to be reached by"};
  std::string host = advertised.host;
  if (host.empty() && local) host = local->host();
  if (host.empty()) return Error{"the address of this host is not known yet"};
  const config::HostPort address{.host = std::move(host), .port = port};
  return json_line(nlohmann::json{{"address", address.to_string()}, {"labels", serving.labels}});
}

void Registration::on_accepted(std::string_view answer, MonoTime now) {
  state_ = open() ? State::kPresent : State::kLeaving;
  const Duration interval = heartbeat_in(answer).value_or(kHeartbeat);
  const double share = 1 - kJitter * random_.unit();
  due_ = now + Duration(static_cast<int64_t>(share * static_cast<double>(interval.count())));
}

}  // namespace woad
