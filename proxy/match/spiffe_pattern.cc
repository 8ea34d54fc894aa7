#include "proxy/match/spiffe_pattern.h"

#include "proxy/net/tls/svid.h"

namespace woad {
namespace {

constexpr std::string_view kAnySegment = "*";
constexpr std::string_view kAnyRest = "**";

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

Result<void> check_domain(std::string_view domain) {
  if (domain.empty()) return Error{"a pattern names its trust domain: spiffe://example.org/…"};
  if (domain.find('*') != std::string_view::npos) {
    return Error{"the trust domain cannot be a glob; name it, and use `*` in the path"};
  }
  return check_trust_domain(domain);
}

Result<void> check_segment(std::string_view segment, bool last) {
  if (segment == kAnySegment || (segment == kAnyRest && last)) return {};
  if (segment == kAnyRest) return Error{"`**` stands for the rest, so it can only come last"};
  if (segment.find('*') != std::string_view::npos) {
    return Error{"`*` stands for a whole segment; it cannot be part of one"};
  }
  return check_spiffe_segment(segment);
}

}  // namespace

Result<SpiffePattern> SpiffePattern::parse(std::string_view text) {
  if (!text.starts_with(kSpiffeScheme)) return Error{"a pattern begins with spiffe://"};
  if (text.size() > kMaxSpiffeId) return Error{"a SPIFFE id has at most 2048 bytes"};
  Segments segments(text.substr(kSpiffeScheme.size()));
  Result<void> checked = check_domain(segments.next());
  while (checked && !segments.done()) {
    const std::string_view segment = segments.next();
    checked = check_segment(segment, segments.done());
  }
  if (!checked) return checked.error();
  return SpiffePattern(text);
}

bool SpiffePattern::matches(std::string_view id) const {
  if (!id.starts_with(kSpiffeScheme) || id.size() > kMaxSpiffeId) return false;
  Segments mine(std::string_view(text_).substr(kSpiffeScheme.size()));
  Segments theirs(id.substr(kSpiffeScheme.size()));
  if (mine.next() != theirs.next()) return false;
  bool any_rest = false;
  while (!theirs.done()) {
    if (mine.done() && !any_rest) return false;
    const std::string_view segment = theirs.next();
    const std::string_view wanted = any_rest ? kAnyRest : mine.next();
    any_rest = wanted == kAnyRest;
    const bool glob = any_rest || wanted == kAnySegment;
    if (glob ? !check_spiffe_segment(segment) : segment != wanted) return false;
  }
  return mine.done();
}

}  // namespace woad
