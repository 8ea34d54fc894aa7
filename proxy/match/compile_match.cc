#include "proxy/match/compile_match.h"

namespace woad {
namespace {

// The matcher, unless its regular expression does not compile.
template <class M>
std::optional<M> checked(Result<M> matcher, const config::Node& source, config::Diagnostics& d) {
  if (matcher) return std::move(*matcher);
  d.error(source, "not a regular expression of RE2: " + matcher.error().message);
  return std::nullopt;
}

std::optional<ValueMatcher> compile_value(const config::ValueMatch& from, config::Diagnostics& d) {
  using Kind = config::ValueMatch::Kind;
  switch (from.kind) {
    case Kind::kExact: return ValueMatcher::exact(from.text);
    case Kind::kPrefix: return ValueMatcher::prefix(from.text);
    case Kind::kSuffix: return ValueMatcher::suffix(from.tails);
    case Kind::kRegex: return checked(ValueMatcher::regex(from.text), from.source, d);
    case Kind::kPresent: return ValueMatcher::present(from.present);
  }
  return std::nullopt;
}

std::optional<PathMatcher> compile_path(const config::PathMatch& from, config::Diagnostics& d) {
  using Kind = config::PathMatch::Kind;
  switch (from.kind) {
    case Kind::kExact: return PathMatcher::exact(from.text);
    case Kind::kPrefix: return PathMatcher::prefix(from.text);
    case Kind::kRegex: return checked(PathMatcher::regex(from.text), from.source, d);
  }
  return std::nullopt;
}

}  // namespace

Matcher compile_match(const config::Match& from, config::Diagnostics& diagnostics) {
  Matcher matcher;
  for (const auto& host : from.hosts) matcher.hosts.emplace_back(*host);
  if (from.path) matcher.path = compile_path(*from.path, diagnostics);
  matcher.methods = from.methods;
  for (const auto& [name, value] : from.headers) {
    if (auto compiled = compile_value(value, diagnostics)) {
      matcher.headers.push_back({HeaderName(name), std::move(*compiled)});
    }
  }
  for (const auto& [key, value] : from.query) {
    if (auto compiled = compile_value(value, diagnostics)) {
      matcher.query.push_back({key, std::move(*compiled)});
    }
  }
  for (const auto& principal : from.principals) {
    if (principal.unknown()) continue;
    if (auto pattern = SpiffePattern::parse(*principal)) {
      matcher.principals.push_back(std::move(*pattern));
    } else {
      diagnostics.error(principal.node, pattern.error().message);
    }
  }
  if (from.color) matcher.color = **from.color;
  if (from.tenant) matcher.tenant = **from.tenant;
  return matcher;
}

}  // namespace woad
