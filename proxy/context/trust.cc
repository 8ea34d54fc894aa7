#include "proxy/context/trust.h"

#include <algorithm>

#include "proxy/base/context_value.h"

namespace woad {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr std::string_view kAnySegment = "*";
constexpr std::string_view kAnyRest = "**";
// SPIFFE-ID sections 2.3 and 2.1.
constexpr size_t kMaxId = 2048;
constexpr size_t kMaxTrustDomain = 255;

// The segments of a text without its scheme; the first is the trust domain.
class Segments {
 public:
  explicit Segments(std::string_view text) : rest_(text) {}

  bool done() const { return done_; }
  std::string_view next() {
    const size_t slash = rest_.find('/');
    const std::string_view segment = rest_.substr(0, slash);
    done_ = slash == std::string_view::npos;
    if (!done_) rest_.remove_prefix(slash + 1);
    return segment;
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

bool is_domain_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_segment(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_domain_char(c) || (c >= 'A' && c <= 'Z'); });
}

// A sentence about what is wrong with a trust domain; "" when nothing is.
std::string_view fault_of_domain(std::string_view domain) {
  if (domain.empty()) return "a pattern names its trust domain: spiffe://example.org/…";
  if (domain.find('*') != std::string_view::npos) {
    return "the trust domain cannot be a glob; name it, and use `*` in the path";
  }
  if (domain.size() > kMaxTrustDomain) return "a trust domain has at most 255 bytes";
  if (!std::all_of(domain.begin(), domain.end(), is_domain_char)) {
    return "a trust domain has lower-case letters, digits, dots, dashes and underscores alone";
  }
  return "";
}

std::string_view fault_of_segment(std::string_view segment, bool last) {
  if (segment == kAnySegment || is_segment(segment)) return "";
  if (segment == kAnyRest) return last ? "" : "`**` stands for the rest, so it can only come last";
  if (segment.find('*') != std::string_view::npos) {
    return "`*` stands for a whole segment; it cannot be part of one";
  }
  if (segment.empty()) return "a path has no empty segments and does not end with a slash";
  return "a segment has letters, digits, dots, dashes and underscores alone, and is not `.` or "
         "`..`";
}

Error error(std::string_view sentence) { return {std::string(sentence)}; }

}  // namespace

Result<SpiffePattern> SpiffePattern::parse(std::string_view text) {
  if (!text.starts_with(kScheme)) return error("a pattern begins with spiffe://");
  if (text.size() > kMaxId) return error("a SPIFFE id has at most 2048 bytes");
  Segments segments(text.substr(kScheme.size()));
  std::string_view fault = fault_of_domain(segments.next());
  while (fault.empty() && !segments.done()) {
    const std::string_view segment = segments.next();
    fault = fault_of_segment(segment, segments.done());
  }
  if (!fault.empty()) return error(fault);
  return SpiffePattern(text);
}

bool SpiffePattern::matches(std::string_view id) const {
  if (!id.starts_with(kScheme) || id.size() > kMaxId) return false;
  Segments mine(std::string_view(text_).substr(kScheme.size()));
  Segments theirs(id.substr(kScheme.size()));
  if (mine.next() != theirs.next()) return false;
  bool any_rest = false;
  while (!theirs.done()) {
    if (mine.done() && !any_rest) return false;
    const std::string_view segment = theirs.next();
    const std::string_view wanted = any_rest ? kAnyRest : mine.next();
    any_rest = wanted == kAnyRest;
    const bool glob = any_rest || wanted == kAnySegment;
    if (glob ? !is_segment(segment) : segment != wanted) return false;
  }
  return mine.done();
}

Result<ColorGrant> ColorGrant::parse(std::string_view text) {
  const bool children = text.ends_with(".*");
  if (children) text.remove_suffix(2);
  if (!valid_context_value(text)) {
    return error("a grant is a colour, such as red, or all children of one, such as red.*");
  }
  if (text == kBaseColor) return error("base is no colour; a request without one needs no grant");
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
