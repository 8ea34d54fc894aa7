// Patterns of SPIFFE ids: `principals` of a match, and whom the context is believed.
//
// Ids are compared byte for byte with patterns whose globs are whole segments; there is no regular
// expression. Immutable; any thread.
#pragma once

#include <string>
#include <string_view>

#include "proxy/base/result.h"

namespace woad {

// A pattern of SPIFFE ids (SPIFFE-ID section 2): `spiffe://trust.domain/a/*/b`, where `*` is any
// one segment, and `/**` at the end one segment or more. Without a path it is that id alone.
class SpiffePattern {
 public:
  // The sentence of the error names what is wrong and what to write.
  static Result<SpiffePattern> parse(std::string_view text);

  // `id`: a verified SPIFFE id; anything else matches nothing.
  bool matches(std::string_view id) const;
  // As it was written.
  std::string_view text() const { return text_; }
  bool operator==(const SpiffePattern&) const = default;

 private:
  explicit SpiffePattern(std::string_view text) : text_(text) {}

  std::string text_;
};

}  // namespace woad
