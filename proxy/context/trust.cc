#include "proxy/context/trust.h"

#include <algorithm>

#include "proxy/base/context_value.h"

namespace woad {

Result<ColorGrant> ColorGrant::parse(std::string_view text) {
  const bool children = text.ends_with(".*");
  if (children) text.remove_suffix(2);
  if (!valid_context_value(text)) {
    return Error{"a grant is a colour, such as red, or all children of one, such as red.*"};
  }
  if (text == kBaseColor) return Error{"base is no colour; a request without one needs no grant"};
  return ColorGrant(text, children);
}

bool ColorGrant::covers(std::string_view color) const {
  if (!children_) return color == color_;
  return color.size() > color_.size() + 1 && color.starts_with(color_) &&
         color[color_.size()] == '.';
}

bool TrustVerdict::color(std::string_view color) const {
  if (color.empty() || colors_ == Colors::kAll) return true;
  if (colors_ == Colors::kNone) return false;
  return std::any_of(
      trust_->colors_.begin(), trust_->colors_.end(), [&](const ContextTrust::Colors& each) {
        return std::any_of(each.grants.begin(), each.grants.end(),
                           [&](const ColorGrant& grant) { return grant.covers(color); }) &&
               each.pattern.matches(principal_);
      });
}

TrustVerdict ContextTrust::verdict(std::string_view principal) const {
  TrustVerdict verdict(*this, principal);
  if (principal.empty()) {
    verdict.context_ = plaintext_;
    verdict.colors_ = plaintext_ ? TrustVerdict::Colors::kAll : TrustVerdict::Colors::kNone;
    return verdict;
  }
  verdict.context_ =
      std::any_of(identities_.begin(), identities_.end(),
                  [&](const SpiffePattern& each) { return each.matches(principal); });
  const bool granted = std::any_of(colors_.begin(), colors_.end(), [&](const Colors& each) {
    return each.pattern.matches(principal);
  });
  if (granted) {
    verdict.colors_ = TrustVerdict::Colors::kGranted;
  } else if (verdict.context_) {
    verdict.colors_ = TrustVerdict::Colors::kAll;
  }
  return verdict;
}

}  // namespace woad
