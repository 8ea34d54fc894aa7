#include "proxy/net/tls/svid.h"

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/net/tls/words.h"

namespace woad {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_mark(char c) { return c == '.' || c == '-' || c == '_'; }
bool in_domain(char c) { return is_lower(c) || is_digit(c) || is_mark(c); }
bool in_segment(char c) { return in_domain(c) || is_upper(c); }

Result<void> check_path(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    auto checked = check_spiffe_segment(segment);
    if (!checked) return checked;
    path.remove_prefix(segment.size());
  }
  return {};
}

}  // namespace

Result<void> check_trust_domain(std::string_view name) {
  if (name.empty()) return Error{"its trust domain is empty"};
  if (name.size() > kMaxTrustDomain) {
    return Error{"its trust domain has more than " + std::to_string(kMaxTrustDomain) + " bytes"};
  }
  const auto* const odd = std::find_if_not(name.begin(), name.end(), in_domain);
  if (odd != name.end()) {
    return Error{"its trust domain has " + in_quotes({odd, 1}) + ", which is not of a-z 0-9 . - _"};
  }
  return {};
}

Result<void> check_spiffe_segment(std::string_view segment) {
  if (segment.empty()) return Error{"its path has an empty segment"};
  if (segment == "." || segment == "..") return Error{"its path has a segment of dots"};
  const auto* const odd = std::find_if_not(segment.begin(), segment.end(), in_segment);
  if (odd != segment.end()) {
    return Error{"its path has " + in_quotes({odd, 1}) + ", which is not of A-Z a-z 0-9 . - _"};
  }
  return {};
}

Result<SpiffeId> parse_spiffe_id(std::string_view text) {
  const auto wrong = [text](const std::string& what) {
    return Error{in_quotes(text) + " is not a SPIFFE id: " + what};
  };
  if (text.size() > kMaxSpiffeId) {
    return wrong("it has more than " + std::to_string(kMaxSpiffeId) + " bytes");
  }
  if (!text.starts_with(kSpiffeScheme)) return wrong("it does not begin with spiffe://");
  const std::string_view rest = text.substr(kSpiffeScheme.size());
  const SpiffeId id{rest.substr(0, rest.find('/')),
                    rest.substr(std::min(rest.find('/'), rest.size()))};
  const Result<void> domain = check_trust_domain(id.trust_domain);
  if (!domain) return wrong(domain.error().message);
  const Result<void> path = check_path(id.path);
  if (!path) return wrong(path.error().message);
  return id;
}

Validity validity(WallTime not_before, WallTime not_after, WallTime now) {
  if (now < not_before - kClockSkew) return Validity::kNotYet;
  if (now > not_after + kClockSkew) return Validity::kExpired;
  return Validity::kValid;
}

}  // namespace woad
