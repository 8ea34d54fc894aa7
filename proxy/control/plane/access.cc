#include "proxy/control/plane/access.h"

#include <algorithm>
#include <vector>

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

bool owns(const Plane& plane, const WebCaller& caller, std::string_view service) {
  const auto& catalog = plane.catalogs().last_with_mesh();
  if (catalog == nullptr) return is_among(caller, {});
  const auto at = catalog->services.find(service);
  return is_among(
      caller, at == catalog->services.end() ? std::vector<std::string>() : at->second.identities);
}

bool reads(const Plane& plane, const WebCaller& caller) {
  return is_among(caller, plane.settings().readers) || operates(plane, caller);
}

bool operates(const Plane& plane, const WebCaller& caller) {
  return is_among(caller, plane.settings().operators);
}

std::string words_of(const WebCaller& caller) {
  return caller.kind == WebCaller::Kind::kWorkload ? caller.id : "a caller on the plane's machine";
}

}  // namespace woad::control
