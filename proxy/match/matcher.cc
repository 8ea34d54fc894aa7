#include "proxy/match/matcher.h"

#include <re2/re2.h>

#include <algorithm>

#include "proxy/base/context_value.h"
#include "proxy/base/strings.h"
#include "proxy/http/authority.h"
#include "proxy/match/query.h"

namespace woad {
namespace {

Result<std::shared_ptr<const re2::RE2>> compile(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  auto regex = std::make_shared<const re2::RE2>(pattern, options);
  if (!regex->ok()) return Error{regex->error()};
  return std::shared_ptr<const re2::RE2>(std::move(regex));
}

bool full_match(const re2::RE2& regex, std::string_view text) {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), regex);
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string_view text_of(const std::string& text) { return text; }
template <class Pattern>
std::string_view text_of(const Pattern& pattern) {
  return pattern.text();
}

// "a or b".
template <class List>
std::string any_of_texts(const List& list) {
  std::string all;
  for (const auto& each : list) all.append(all.empty() ? "" : " or ").append(text_of(each));
  return all;
}

}  // namespace

ValueMatcher ValueMatcher::exact(std::string text) { return {Kind::kExact, std::move(text)}; }

ValueMatcher ValueMatcher::prefix(std::string text) { return {Kind::kPrefix, std::move(text)}; }

ValueMatcher ValueMatcher::suffix(std::vector<std::string> tails) {
  ValueMatcher matcher(Kind::kSuffix, {});
  matcher.tails_ = std::move(tails);
  return matcher;
}

Result<ValueMatcher> ValueMatcher::regex(const std::string& pattern) {
  auto regex = compile(pattern);
  if (!regex) return regex.error();
  ValueMatcher matcher(Kind::kRegex, pattern);
  matcher.regex_ = *regex;
  return matcher;
}

ValueMatcher ValueMatcher::present(bool wanted) {
  ValueMatcher matcher(Kind::kPresent, {});
  matcher.wanted_ = wanted;
  return matcher;
}

bool ValueMatcher::matches(std::optional<std::string_view> value) const {
  if (kind_ == Kind::kPresent) return value.has_value() == wanted_;
  if (!value) return false;
  switch (kind_) {
    case Kind::kExact: return *value == text_;
    case Kind::kPrefix: return value->starts_with(text_);
    case Kind::kSuffix:
      return std::any_of(tails_.begin(), tails_.end(),
                         [&](const std::string& tail) { return value->ends_with(tail); });
    default: return full_match(*regex_, *value);
  }
}

bool ValueMatcher::operator==(const ValueMatcher& other) const {
  return kind_ == other.kind_ && wanted_ == other.wanted_ && text_ == other.text_ &&
         tails_ == other.tails_;
}

std::string ValueMatcher::describe() const {
  switch (kind_) {
    case Kind::kExact: return "exact " + in_quotes(text_);
    case Kind::kPrefix: return "prefix " + in_quotes(text_);
    case Kind::kRegex: return "regex " + in_quotes(text_);
    case Kind::kPresent: return wanted_ ? "present" : "absent";
    case Kind::kSuffix: break;
  }
  std::string text = "suffix";
  for (const std::string& tail : tails_) text += " " + in_quotes(tail);
  return text;
}

PathMatcher PathMatcher::exact(std::string path) { return {Kind::kExact, std::move(path)}; }

PathMatcher PathMatcher::prefix(std::string path) {
  while (!path.empty() && path.back() == '/') path.pop_back();
  return {Kind::kPrefix, std::move(path)};
}

Result<PathMatcher> PathMatcher::regex(const std::string& pattern) {
  auto regex = compile(pattern);
  if (!regex) return regex.error();
  PathMatcher matcher(Kind::kRegex, pattern);
  matcher.regex_ = *regex;
  return matcher;
}

bool PathMatcher::matches(std::string_view path) const {
  switch (kind_) {
    case Kind::kExact: return path == text_;
    case Kind::kPrefix:
      return path.starts_with(text_) && (path.size() == text_.size() || path[text_.size()] == '/');
    default: return full_match(*regex_, path);
  }
}

std::string PathMatcher::describe() const {
  switch (kind_) {
    case Kind::kExact: return "exact " + in_quotes(text_);
    case Kind::kPrefix: return "prefix " + in_quotes(text_ + "/");
    default: return "regex " + in_quotes(text_);
  }
}

HostPattern::HostPattern(std::string_view pattern) : text_(lower(pattern)) {}

bool HostPattern::matches(std::string_view host) const {
  if (text_ == "*") return true;
  if (!text_.starts_with("*.")) return host == text_;
  const std::string_view tail = std::string_view(text_).substr(1);
  return host.size() > tail.size() && host.ends_with(tail);
}

std::string_view normal_host(std::string_view authority, char* out) {
  constexpr size_t kLongest = 255;
  const std::string_view host = without_final_dot(split_authority(authority).host);
  if (host.size() > kLongest) return {};
  for (size_t i = 0; i < host.size(); ++i) out[i] = to_lower(host[i]);
  return {out, host.size()};
}

std::optional<Matcher::Mismatch> Matcher::mismatch(const MatchInput& input) const {
  const auto no = [](Part part, size_t index = 0) { return Mismatch{part, index}; };
  if (!hosts.empty() && std::none_of(hosts.begin(), hosts.end(), [&](const HostPattern& pattern) {
        return pattern.matches(input.host);
      })) {
    return no(Part::kHost);
  }
  if (path && !path->matches(input.head.path_only())) return no(Part::kPath);
  if (!methods.empty() &&
      std::find(methods.begin(), methods.end(), input.head.method_name) == methods.end()) {
    return no(Part::kMethod);
  }
  if (!principals.empty() &&
      std::none_of(principals.begin(), principals.end(), [&](const SpiffePattern& pattern) {
        return pattern.matches(input.principal);
      })) {
    return no(Part::kPrincipal);
  }
  for (size_t i = 0; i < headers.size(); ++i) {
    const Header* field = input.head.headers.find(headers[i].name);
    std::optional<std::string_view> value;
    if (field != nullptr) value = field->value;
    if (headers[i].name.id == HeaderId::kHost) value = input.head.authority;
    if (!headers[i].value.matches(value)) return no(Part::kHeader, i);
  }
  for (size_t i = 0; i < query.size(); ++i) {
    const auto value = query_value(input.head.query(), query[i].key, input.head.headers.arena());
    if (!query[i].value.matches(value)) return no(Part::kQuery, i);
  }
  const auto same = [](const std::string& wanted, std::string_view value) {
    return value.empty() ? wanted.empty() || wanted == kBaseColor : wanted == value;
  };
  if (color && !same(*color, input.color)) return no(Part::kColor);
  if (tenant && *tenant != input.tenant) return no(Part::kTenant);
  return std::nullopt;
}

std::optional<std::string> Matcher::why_not(const MatchInput& input) const {
  const auto found = mismatch(input);
  if (!found) return std::nullopt;
  const auto is_not = [](std::string_view what, std::string_view value, const std::string& wanted) {
    return std::string(what) + " " + in_quotes(value) + " is not " + wanted;
  };
  switch (found->part) {
    case Part::kHost: return is_not("host", input.host, any_of_texts(hosts));
    case Part::kPath: return is_not("path", input.head.path_only(), path->describe());
    case Part::kMethod: return is_not("method", input.head.method_name, any_of_texts(methods));
    case Part::kHeader: {
      const Named& named = headers[found->index];
      const Header* field = input.head.headers.find(named.name);
      return is_not("header " + named.name.text, field == nullptr ? "" : field->value,
                    named.value.describe());
    }
    case Part::kQuery: {
      const Query& wanted = query[found->index];
      const auto value = query_value(input.head.query(), wanted.key, input.head.headers.arena());
      return is_not("query " + wanted.key, value.value_or(""), wanted.value.describe());
    }
    case Part::kColor: return is_not("color", input.color, *color);
    case Part::kTenant: return is_not("tenant", input.tenant, *tenant);
    case Part::kPrincipal: return is_not("principal", input.principal, any_of_texts(principals));
  }
  return std::nullopt;
}

}  // namespace woad
