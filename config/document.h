// A parsed text as a compact tree.
//
// Refused with a message, as the parser meets them: anchors, aliases, tags, `<<`, a second
// document, duplicate keys, more than 64 levels, 1,000,000 nodes or 64 MiB, bytes that are not
// UTF-8. This is the only class that sees yaml-cpp. Any thread may read it; clear() is for the one
// that has it, before others do.
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
  enum class Variables : uint8_t {
    kKnown,      // one that is not set is an error
    kElsewhere,  // set on another machine: a text with one that is not known here is broken, which
                 // is no error, and what a pod's environment adds to the file may be there
    kVerbatim,   // texts stay as they are written
  };

  // The value of a variable, for ${VAR}.
  std::function<std::optional<std::string>(const std::string&)> variable;
  std::string host_name;
  Variables variables = Variables::kKnown;

  // Nothing is set.
  static Environment none();
  static Environment of_process();
  // That of any sidecar of `service`, on whatever machine.
  static Environment of_service(const std::string& service);
  static Environment verbatim();
};

class Document : public std::enable_shared_from_this<Document> {
 public:
  static constexpr size_t kMaxBytes = size_t{64} << 20;
  // Variables can make more of a file than it is long.
  static constexpr size_t kMaxTextBytes = 2 * kMaxBytes;
  static constexpr uint32_t kMaxNodes = 1'000'000;
  static constexpr uint32_t kMaxDepth = 64;

  // What a part of a tree holds, as the limits count it.
  struct Weight {
    size_t values = 0;
    size_t bytes = 0;  // of keys and texts
  };

  // The part of a file's text that is YAML, all but a byte order mark; nothing: the text cannot be
  // one, and an error was added.
  static std::optional<std::string_view> yaml_of(std::string_view text, Diagnostics& diagnostics);
  // `yaml`: from yaml_of(). nullptr: it cannot be read. Otherwise `diagnostics` may still have got
  // errors (duplicate keys, unset variables) and the tree is good enough to look for more.
  static std::shared_ptr<Document> parse(std::string_view yaml, const Environment& environment,
                                         Diagnostics& diagnostics);
  // A copy of `node` and what is below it, as a document of its own whose root keeps its key, its
  // path and its place in the text.
  static std::shared_ptr<const Document> cutting(const Node& node);

  static std::shared_ptr<const Document> of(const Node& node);

  // A null node when the file is empty.
  Node root() const { return {this, 0}; }
  Weight weight() const { return {cells_.size(), texts_.size()}; }
  Weight weight_of(const Node& node) const;
  // Frees the tree: its nodes are nowhere from now on.
  void clear();

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
    bool plain = false;  // a scalar without quotes
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

  Document() = default;
  std::string_view view(Text text) const {
    return std::string_view(texts_).substr(text.offset, text.size);
  }
  // Cells and texts stand in the order of the file. The cell behind the last below `cell`, and
  // where the texts of `cell` and what comes behind it begin.
  uint32_t end_of(uint32_t cell) const;
  uint32_t texts_from(uint32_t cell) const;

  std::vector<Cell> cells_;
  std::string texts_;
  std::string path_;  // of the root
  bool has_broken_ = false;
};

}  // namespace woad::config
