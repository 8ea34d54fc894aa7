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
  // All entries of `value`, in a block.
  std::string text(const Value& value) const;
};

class Rewriter::Places {
 public:
  // `gone`: which entries will be removed. All outlive this.
  Places(std::string_view text, const Node& node, size_t limit, const std::vector<bool>& gone);

  // In front of an entry; behind all when there is no such own one.
  Insertion insertion(size_t entry) const;
  // What is replaced by a new value with its key.
  Range whole(size_t entry) const;
  std::string render(const std::string* key, const Value& value, Range whole) const;
  // What those that are gone take with them.
  std::vector<Range> gone() const;
  // Nothing of an entry stands here or behind.
  size_t limit(size_t entry) const;

  // A key in a block with nothing but a comment on its line, or the word null: where entries go
  // that shall stand below it, behind its comments; and the word with the blanks before.
  bool is_without_value(size_t entry) const;
  Insertion below(size_t entry) const;
  std::optional<Range> word(size_t entry) const;
  // A key in a block with nothing but a comment on its line, and a block below.
  bool stands_below(size_t entry) const;
  // The entries of `value` for the inside of the brackets of an entry that are empty.
  std::string in_brackets(size_t entry, const Value& value) const;

 private:
  bool stays(size_t entry) const { return !gone_[entry]; }
  size_t flow_begin(size_t entry) const { return node_.entries[entry].begin; }
  size_t flow_finish(size_t entry) const;
  size_t behind_colon(size_t entry) const;
  Range lines(size_t entry) const;
  bool is_flow() const { return node_.style == Node::Style::kFlow; }
  Insertion block_insertion(size_t entry) const;
  Insertion flow_insertion(size_t entry) const;
  Insertion behind(size_t entry, size_t column) const;
  Range flow_gone(size_t first, size_t last) const;
  bool begins_line(size_t entry) const;
  Range head_gone(size_t last) const;

  std::string_view text_;
  const Node& node_;
  size_t limit_;
  const std::vector<bool>& gone_;
  size_t own_;
};

}  // namespace woad::yaml
