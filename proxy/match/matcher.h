// Conditions on a request, compiled from `match` in the file. Immutable; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/http/exchange_info.h"
#include "proxy/http/headers.h"
#include "proxy/match/spiffe_pattern.h"

namespace re2 {
class RE2;
}

namespace woad {

// A condition on one value. Two are equal when they were written alike.
class ValueMatcher {
 public:
  enum class Kind : uint8_t { kExact, kPrefix, kSuffix, kRegex, kPresent };
  static ValueMatcher exact(std::string text);
  static ValueMatcher prefix(std::string text);
  static ValueMatcher suffix(std::vector<std::string> tails);
  // The whole value must match. RE2: time linear in the value, whatever the pattern.
  static Result<ValueMatcher> regex(const std::string& pattern);
  static ValueMatcher present(bool wanted);

  // `value`: nullopt when the field or key does not come.
  bool matches(std::optional<std::string_view> value) const;
  // As in the file, for explain: `prefix "qa-"`.
  std::string describe() const;
  Kind kind() const { return kind_; }
  // Exact, prefix, regex: what was written.
  const std::string& text() const { return text_; }
  bool operator==(const ValueMatcher& other) const;

 private:
  ValueMatcher(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  Kind kind_;
  bool wanted_ = true;
  std::string text_;
  std::vector<std::string> tails_;
  std::shared_ptr<const re2::RE2> regex_;
};

// A condition on the path without its query. Two are equal when they were written alike.
class PathMatcher {
 public:
  enum class Kind : uint8_t { kExact, kPrefix, kRegex };
  static PathMatcher exact(std::string path);
  // By whole segments: "/a" and "/a/" match "/a" and "/a/b", never "/ab".
  static PathMatcher prefix(std::string path);
  static Result<PathMatcher> regex(const std::string& pattern);

  bool matches(std::string_view path) const;
  std::string describe() const;
  Kind kind() const { return kind_; }
  // Exact: the path; prefix: without a final '/'.
  const std::string& text() const { return text_; }
  bool operator==(const PathMatcher& other) const {
    return kind_ == other.kind_ && text_ == other.text_;
  }

 private:
  PathMatcher(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  Kind kind_;
  std::string text_;
  std::shared_ptr<const re2::RE2> regex_;
};

// A host name, "*.name" for any name below, or "*".
class HostPattern {
 public:
  explicit HostPattern(std::string_view pattern);
  // `host` as normal_host() gives it.
  bool matches(std::string_view host) const;
  const std::string& text() const { return text_; }
  bool operator==(const HostPattern&) const = default;

 private:
  std::string text_;
};

// Authority without port and final dot, in lower case, in `out` (at least 256 bytes); names longer
// than 255 bytes give "".
std::string_view normal_host(std::string_view authority, char* out);

// What a request says, as matchers see it.
struct MatchInput {
  const RequestHead& head;
  std::string_view host;  // normal_host
  std::string_view color;
  std::string_view tenant;
  std::string_view principal;  // the caller's verified SPIFFE id; "" = none
  uint16_t port = 0;           // of the host, where hosts are claimed by it
};

// All conditions of one `match`; all that are named must hold.
struct Matcher {
  struct Named {
    HeaderName name;
    ValueMatcher value;
    bool operator==(const Named&) const = default;
  };
  struct Query {
    std::string key;
    ValueMatcher value;
    bool operator==(const Query&) const = default;
  };
  std::vector<HostPattern> hosts;
  std::optional<PathMatcher> path;
  std::vector<std::string> methods;
  std::vector<Named> headers;
  std::vector<Query> query;
  std::optional<std::string> color;  // "base" is undyed
  std::optional<std::string> tenant;
  std::vector<SpiffePattern> principals;

  bool operator==(const Matcher&) const = default;
  bool matches(const MatchInput& input) const { return !mismatch(input).has_value(); }
  // The first condition that does not hold, as a sentence for explain; nothing when all hold.
  std::optional<std::string> why_not(const MatchInput& input) const;

 private:
  enum class Part : uint8_t { kHost, kPath, kMethod, kHeader, kQuery, kColor, kTenant, kPrincipal };
  struct Mismatch {
    Part part;
    size_t index;
  };
  std::optional<Mismatch> mismatch(const MatchInput& input) const;
};

}  // namespace woad
