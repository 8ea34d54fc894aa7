// What a YAML or JSON text says, and where: a tree whose nodes know their bytes, so that a text can
// be changed in places and stays as it is everywhere else.
//
// Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"

namespace woad::yaml {

struct Entry;

struct Node {
  enum class Kind : uint8_t { kScalar, kList, kMap };
  enum class Style : uint8_t { kBlock, kFlow };

  Kind kind = Kind::kScalar;
  Style style = Style::kBlock;  // of a list or map: by indentation, or in brackets
  // A scalar without quotes, whose text tells its type: null, true, 5.
  bool plain = false;
  // It stands elsewhere in the text, and an alias here: its places are those of there.
  bool shared = false;
  // Its first byte, behind tag and anchor; of an empty scalar some byte behind its key.
  size_t begin = 0;
  std::string text;            // of a scalar, without quotes and escapes
  std::vector<Entry> entries;  // in the order of the text; those that come by `<<` last

  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  // nullptr when it is no map or has no such key.
  const Entry* find(std::string_view key) const;
};

// Of a map, or of a list (no key).
struct Entry {
  // kMerge is a `<<` itself; what it brings stands behind the map's own entries.
  enum class Origin : uint8_t { kOwn, kMerge, kMerged };

  std::string key;
  size_t begin = 0;  // first byte of the key; in a list, of the value with its tag and anchor
  Node value;
  Origin origin = Origin::kOwn;
};

// Line and column of a byte, from 1.
config::Location location_of(std::string_view text, size_t at);

// The same for many bytes of one text.
class Lines {
 public:
  explicit Lines(std::string_view text);
  config::Location location_of(size_t at) const;

 private:
  std::vector<size_t> begins_;
};

}  // namespace woad::yaml
