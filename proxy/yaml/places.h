// The places in the text of the entries of one list or map that is being edited: by lines in a
// block, between commas in brackets. Lives for one edit; included by rewrite.cc and its own source.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/yaml/rewrite.h"

namespace woad::yaml {

// Entries with a place of their own in the text: all but those that come by `<<`.
size_t own_entries(const Node& node);

// Where a new entry goes, and what has to stand around it.
struct Insertion {
  Node::Style style;
  size_t at;
  std::string before;
  std::string after;
  size_t column = 0;
  size_t step = 0;         // of kFlow, as render_flow() takes it
  bool ends_text = false;  // of kBlock: the line before has no end
  std::string text(const std::string* key, const Value& value) const;
};

class Rewriter::Places {
 public:
  // `gone`: entries that will be removed. All outlive this.
  Places(std::string_view text, const Node& node, size_t limit, const std::vector<size_t>& gone);

  // In front of an entry; behind all when there is no such own one.
  Insertion insertion(size_t entry) const;
  // What is replaced by a new value with its key.
  Range whole(size_t entry) const;
  std::string render(const std::string* key, const Value& value, Range whole) const;
  // What those that are gone take with them.
  std::vector<Range> gone() const;
  // Nothing of an entry stands here or behind.
  size_t limit(size_t entry) const;

 private:
  bool stays(size_t entry) const;
  size_t flow_begin(size_t entry) const { return node_.entries[entry].begin; }
  size_t flow_finish(size_t entry) const;
  Range lines(size_t entry) const;
  bool is_flow() const { return node_.style == Node::Style::kFlow; }
  Insertion block_insertion(size_t entry) const;
  Insertion flow_insertion(size_t entry) const;
  Range flow_gone(size_t first, size_t last) const;

  std::string_view text_;
  const Node& node_;
  size_t limit_;
  const std::vector<size_t>& gone_;
  size_t own_;
};

}  // namespace woad::yaml
