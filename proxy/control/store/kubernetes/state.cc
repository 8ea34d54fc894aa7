#include "proxy/control/store/kubernetes/state.h"

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/control/store/keys.h"
#include "proxy/net/tls/digest.h"

namespace woad::control::kubernetes {
namespace {

constexpr std::string_view kRolloutKey = "rollout";
constexpr std::string_view kServiceAnnotation = "woad.dev/service";
constexpr std::string_view kStateLabel = "woad.dev/state";

// Of a ConfigMap's name (RFC 1123 subdomain, at most 253), with room for the words before it.
constexpr size_t kLongestName = 230;

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// Each label begins and ends with a letter or digit.
bool is_subdomain(std::string_view name) {
  char before = '.';
  for (const char c : name) {
    const bool ends = is_plain(before);
    if (c == '.' ? !ends : c == '-' ? before == '.' : !is_plain(c)) return false;
    before = c;
  }
  return is_plain(before) && name.size() <= kLongestName;
}

// Keys of data are [-._a-zA-Z0-9]+; any other byte, and '_', becomes _XX.
std::string to_data_key(std::string_view instance) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string key;
  for (const char c : instance) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(c) || (c >= 'A' && c <= 'Z') || c == '-' || (c == '.' && !key.empty())) {
      key += c;
    } else {
      key += {'_', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return key;
}

}  // namespace

std::optional<StatePlace> state_place(std::string_view key) {
  if (key.starts_with(kRollouts)) {
    const std::string_view service = key.substr(kRollouts.size());
    if (service.empty()) return {};
    return StatePlace{"rollout", std::string(service), std::string(kRolloutKey), ""};
  }
  if (!key.starts_with(kStatus)) return {};
  key.remove_prefix(kStatus.size());
  const size_t slash = key.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == key.size()) return {};
  const std::string_view instance = key.substr(slash + 1);
  return StatePlace{"status", std::string(key.substr(0, slash)), to_data_key(instance),
                    sha256_hex(instance).substr(0, 1)};
}

std::string state_name(const StatePlace& place) {
  const bool plain = is_subdomain(place.service);
  const std::string shard = place.shard.empty() ? "" : "-" + place.shard;
  return "woad-" + place.kind + shard + "." +
         (plain ? place.service : "x-" + sha256_hex(place.service));
}

Json state_object(const StatePlace& place, std::string_view space) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata",
           {{"name", state_name(place)},
            {"namespace", space},
            {"labels", {{kStateLabel, place.kind}, {"app.kubernetes.io/managed-by", "woad"}}},
            {"annotations", {{kServiceAnnotation, place.service}}}}}};
}

StateValues read_state(const Json& object) {
  const Json& metadata = at(object, "metadata");
  const std::string kind = text(at(metadata, "labels"), kStateLabel);
  const std::string service = text(at(metadata, "annotations"), kServiceAnnotation);
  StateValues values;
  if (service.empty()) return values;
  const Json& data = at(object, "data");
  if (kind == "rollout") {
    values[std::string(kRollouts) + service] = text(data, kRolloutKey);
  } else if (kind == "status" && data.is_object()) {
    for (const auto& [key, value] : data.items()) {
      std::string of = std::string(kStatus) + service + "/" + percent_decoded(key, false, '_');
      const auto place = state_place(of);
      if (!place || state_name(*place) != text(metadata, "name")) continue;
      values[std::move(of)] = text(value);
    }
  }
  return values;
}

}  // namespace woad::control::kubernetes
