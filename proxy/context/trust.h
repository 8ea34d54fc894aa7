// Who may set the context of a request on us.
//
// Immutable once filled; any thread; verdicts do not allocate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/match/spiffe_pattern.h"

namespace woad {

// A colour that somebody may set: `red` is red, `red.*` any child of red at any depth, but not red.
class ColorGrant {
 public:
  static Result<ColorGrant> parse(std::string_view text);

  bool covers(std::string_view color) const;

 private:
  ColorGrant(std::string_view color, bool children) : color_(color), children_(children) {}

  std::string color_;
  bool children_;
};

class ContextTrust;

// What one peer may set. Refers to its trust and to the principal it was made for.
class TrustVerdict {
 public:
  // Tenant, carried headers and x-woad-*.
  bool context() const { return context_; }
  // Whether it may set any colour at all; if so, `color()` decides.
  bool any_color() const { return colors_ != Colors::kNone; }
  // A valid colour; "" (no colour) needs no right.
  bool color(std::string_view color) const;

 private:
  friend class ContextTrust;
  enum class Colors : uint8_t { kNone, kGranted, kAll };
  TrustVerdict(const ContextTrust& trust, std::string_view principal)
      : trust_(&trust), principal_(principal) {}

  const ContextTrust* trust_;
  std::string_view principal_;
  Colors colors_ = Colors::kNone;
  bool context_ = false;
};

// `context.trust`. As made it trusts nobody.
class ContextTrust {
 public:
  void add_identity(SpiffePattern pattern) { identities_.push_back(std::move(pattern)); }
  void add_colors(SpiffePattern pattern, std::vector<ColorGrant> grants) {
    colors_.push_back({std::move(pattern), std::move(grants)});
  }
  // Whether peers without a verified identity may set everything.
  void set_plaintext(bool trusted) { plaintext_ = trusted; }

  // Of one who may set nothing, whatever is trusted.
  TrustVerdict nobody() const { return {*this, ""}; }
  // `principal`: the peer's verified SPIFFE id, "" = none. Who matches a key of `colors` may set
  // the colours of all keys it matches and no other, even when `identities` match too.
  TrustVerdict verdict(std::string_view principal) const;

 private:
  friend class TrustVerdict;
  struct Colors {
    SpiffePattern pattern;
    std::vector<ColorGrant> grants;
  };

  std::vector<SpiffePattern> identities_;
  std::vector<Colors> colors_;
  bool plaintext_ = false;
};

}  // namespace woad
