// Reads YAML of several documents, or JSON. Anchors, aliases and `<<` are followed.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "proxy/yaml/node.h"

namespace woad::yaml {

// Largest text, deepest nesting, most values, and how many of them aliases may write out: each of
// the others has a byte of its own.
inline constexpr size_t kMaxText = size_t{64} << 20;
inline constexpr int kMaxDepth = 200;
inline constexpr std::string_view kTooDeep = "more than 200 levels of nesting";
inline constexpr size_t kMaxNodes = 4'000'000;
inline constexpr size_t kMaxCopies = 100'000;

// The documents in their order; an empty one is a plain scalar without text. Nothing: an error was
// added. `text` has no byte order mark. A text that begins with a bracket and is JSON is read as
// such: what YAML would take otherwise (tabs, escaped surrogates) does not matter then.
std::optional<std::vector<Node>> read(std::string_view text, config::Diagnostics& diagnostics);

// The two halves of read(). The JSON must be known to be well-formed; a key may still stand twice.
std::optional<std::vector<Node>> read_yaml(std::string_view text, config::Diagnostics& diagnostics);
std::optional<std::vector<Node>> read_json(std::string_view text, config::Diagnostics& diagnostics);

// What both say of a key that a map has already.
std::string twice(std::string_view key);

}  // namespace woad::yaml
