// A parsed file as a compact immutable tree.
//
// Refused with a message, as the parser meets them: anchors, aliases, tags, `<<`, a second
// document, duplicate keys, more than 64 levels, 1,000,000 nodes or 64 MiB, bytes that are not
// UTF-8. This is the only class that sees yaml-cpp. Immutable once parsed; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/node.h"

namespace woad::config {

// What a file may take from the machine it runs on.
struct Environment {
  // The value of a variable, for ${VAR}.
  std::function<std::optional<std::string>(const std::string&)> variable;
  std::string host_name;

  // Nothing is set.
  static Environment none();
  static Environment of_process();
};

class Document {
 public:
  static constexpr size_t kMaxBytes = size_t{64} << 20;
  static constexpr uint32_t kMaxNodes = 1'000'000;
  static constexpr uint32_t kMaxDepth = 64;

  // nullptr: the text cannot be read as YAML. Otherwise `diagnostics` may still have got errors
  // (duplicate keys, unset variables) and the tree is good enough to look for more.
  static std::shared_ptr<const Document> parse(std::shared_ptr<const std::string> text,
                                               const Environment& environment,
                                               Diagnostics& diagnostics);

  // A null node when the file is empty.
  Node root() const { return {this, 0}; }
  const std::string& source() const { return *source_; }

 private:
  friend class Node;
  friend class TreeBuilder;
  enum class Kind : uint8_t { kNull, kScalar, kMap, kSeq, kBroken };
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Text {
    uint32_t offset = 0;
    uint32_t size = 0;
  };
  struct Cell {
    Kind kind = Kind::kNull;
    uint32_t parent = kNone;
    uint32_t next = kNone;
    uint32_t first = kNone;  // child
    uint32_t count = 0;      // children
    uint32_t index = 0;      // in the parent's list
    Location location;
    Location key_location;
    Text text;
    Text key;
  };

  explicit Document(std::shared_ptr<const std::string> source) : source_(std::move(source)) {}
  std::string_view view(Text text) const {
    return std::string_view(texts_).substr(text.offset, text.size);
  }

  std::shared_ptr<const std::string> source_;
  std::vector<Cell> cells_;
  std::string texts_;
};

}  // namespace woad::config
