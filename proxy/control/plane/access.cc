#include "proxy/control/plane/access.h"

#include <algorithm>

#include "proxy/match/spiffe_pattern.h"

namespace woad::control {
namespace {

bool is_among(const WebCaller& caller, const std::vector<std::string>& patterns) {
  if (caller.kind == WebCaller::Kind::kLocal) return true;
  if (caller.kind != WebCaller::Kind::kWorkload) return false;
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& text) {
    const auto pattern = SpiffePattern::parse(text);
    return pattern && pattern->matches(caller.id);
  });
}

}  // namespace

bool Access::owns(const WebCaller& caller, std::string_view service) const {
  const auto& catalog = plane_.catalogs().last_with_mesh();
  if (catalog == nullptr) return is_among(caller, {});
  const auto at = catalog->services.find(service);
  return is_among(
      caller, at == catalog->services.end() ? std::vector<std::string>() : at->second.identities);
}

bool Access::reads(const WebCaller& caller) const {
  return is_among(caller, plane_.settings().readers) || operates(caller);
}

bool Access::operates(const WebCaller& caller) const {
  return is_among(caller, plane_.settings().operators);
}

std::string words_of(const WebCaller& caller) {
  return caller.kind == WebCaller::Kind::kWorkload ? caller.id : "a caller on the plane's machine";
}

}  // namespace woad::control
