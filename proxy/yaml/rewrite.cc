#include "proxy/yaml/rewrite.h"

#include <algorithm>

#include "proxy/base/result.h"
#include "proxy/yaml/aliases.h"
#include "proxy/yaml/places.h"
#include "proxy/yaml/render.h"

namespace woad::yaml {
namespace {

bool is_merge(const Entry& entry) { return entry.origin == Entry::Origin::kMerge; }

// The entry behind which numbers of edits are one too small, as they do not count a `<<`.
size_t merge_of(const Node& node) {
  const auto found = std::find_if(node.entries.begin(), node.entries.end(), is_merge);
  return static_cast<size_t>(found - node.entries.begin());
}

size_t entry_of(size_t merge, const Edit& edit) { return edit.at + (merge <= edit.at ? 1 : 0); }

// An item that is an alias has no place of its own.
bool has_places(const Node& node) {
  if (node.shared) return false;
  return node.is_map() || std::none_of(node.entries.begin(), node.entries.end(),
                                       [](const Entry& entry) { return entry.value.shared; });
}

bool leaves_something(const Node& node, const Difference& difference) {
  const auto gone =
      static_cast<size_t>(std::count_if(difference.begin(), difference.end(), [](const Edit& edit) {
        return edit.kind == Edit::Kind::kRemove;
      }));
  return own_entries(node) > gone;
}

bool is_merged(const Node& node, size_t entry) {
  return node.is_map() && entry < node.entries.size() &&
         node.entries[entry].origin == Entry::Origin::kMerged;
}

bool is_in_brackets(const Node& node) {
  return node.kind != Node::Kind::kScalar && node.style == Node::Style::kFlow;
}

bool is_filled(const Value& value) { return value.is_structured() && !value.empty(); }

}  // namespace

Rewriter::Rewriter(std::string_view text) : text_(text) {
  const size_t line = text_.find('\n');
  crlf_ = line != std::string_view::npos && line > 0 && text_[line - 1] == '\r';
}

std::optional<Obstacle> Rewriter::change(const Node& root, const Difference& difference) {
  changed_.clear();
  obstacle_.reset();
  if (difference.empty()) return {};
  const size_t first_splice = splices_.size();
  edit(root, difference, document_end(text_, root.begin));
  return obstacle_ ? std::move(obstacle_) : broken_alias(root, first_splice);
}

void Rewriter::edit(const Node& node, const Difference& difference, size_t limit) {
  changed_.emplace_back(node.begin, node.kind);
  const size_t merge = merge_of(node);
  std::vector<bool> gone(node.entries.size());
  for (const Edit& one : difference) {
    if (one.kind == Edit::Kind::kRemove) gone[entry_of(merge, one)] = true;
  }
  const Places places(text_, node, limit, gone);
  for (const Edit& one : difference) edit_entry(node, one, places, entry_of(merge, one));
  for (const Range& range : places.gone()) splice(range, {});
}

void Rewriter::edit_entry(const Node& node, const Edit& edit, const Places& places, size_t entry) {
  const bool merged = is_merged(node, entry);
  if (edit.kind == Edit::Kind::kRemove) {
    if (merged && !obstacle_) {
      obstacle_ = Obstacle{node.entries[merge_of(node)].begin,
                           config::in_quotes(edit.key) + " comes by << from elsewhere",
                           "write it out in this document"};
    }
  } else if (edit.kind == Edit::Kind::kInsert || merged) {
    const Insertion place = places.insertion(entry);
    splice({place.at, place.at}, place.text(node.is_map() ? &edit.key : nullptr, edit.value));
  } else if (edit.kind == Edit::Kind::kReplace) {
    replace(node, edit, places, entry);
  } else {
    edit_within(node, edit, places, entry);
  }
}

// A key without a value keeps its line and its comments, and one that loses its value as well.
void Rewriter::replace(const Node& node, const Edit& edit, const Places& places, size_t entry) {
  const Node& inner = node.entries[entry].value;
  if (is_filled(edit.value) && places.is_without_value(entry)) {
    splice(*places.word(entry), {});
    const Insertion place = places.below(entry);
    splice({place.at, place.at}, place.text(edit.value));
    return;
  }
  if (edit.value.is_null() && has_places(inner) && places.stands_below(entry)) {
    changed_.emplace_back(inner.begin, inner.kind);
    const std::vector<bool> all(inner.entries.size(), true);
    for (const Range& range : Places(text_, inner, places.limit(entry), all).gone()) {
      splice(range, {});
    }
    return;
  }
  write_out(node, edit, places, entry);
}

void Rewriter::edit_within(const Node& node, const Edit& edit, const Places& places, size_t entry) {
  const Node& inner = node.entries[entry].value;
  const bool empties = edit.value.empty() && is_in_brackets(inner);
  if (has_places(inner) && (empties || leaves_something(inner, edit.within))) {
    return this->edit(inner, edit.within, places.limit(entry));
  }
  if (!inner.shared && is_in_brackets(inner) && inner.entries.empty()) {
    changed_.emplace_back(inner.begin, inner.kind);
    return splice({inner.begin + 1, inner.begin + 1}, places.in_brackets(entry, edit.value));
  }
  write_out(node, edit, places, entry);
}

void Rewriter::write_out(const Node& node, const Edit& edit, const Places& places, size_t entry) {
  const Range whole = places.whole(entry);
  splice(whole, places.render(node.is_map() ? &edit.key : nullptr, edit.value, whole));
}

void Rewriter::splice(Range range, std::string text) {
  if (!crlf_) {
    splices_.push_back({range, std::move(text)});
    return;
  }
  std::string lines;
  for (const char c : text) {
    if (c == '\n') lines += '\r';
    lines += c;
  }
  splices_.push_back({range, std::move(lines)});
}

// An alias that stays must say what it said.
std::optional<Obstacle> Rewriter::broken_alias(const Node& root, size_t first_splice) const {
  const std::vector<Alias> aliases = aliases_of(root);
  if (aliases.empty()) return {};
  std::vector<Range> gone;
  for (size_t i = first_splice; i < splices_.size(); ++i) {
    if (splices_[i].range.begin != splices_[i].range.end) gone.push_back(splices_[i].range);
  }
  std::sort(gone.begin(), gone.end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  const auto is_gone = [&gone](size_t at) {
    const auto next = std::upper_bound(gone.begin(), gone.end(), at,
                                       [](size_t a, const Range& b) { return a < b.begin; });
    return next != gone.begin() && at < (next - 1)->end;
  };
  auto changed = changed_;
  std::sort(changed.begin(), changed.end());
  for (const Alias& alias : aliases) {
    const Node& node = *alias.node;
    const bool differs =
        std::binary_search(changed.begin(), changed.end(), std::pair(node.begin, node.kind)) ||
        is_gone(node.begin);
    if (!differs || is_gone(alias.at)) continue;
    const std::string anchor(anchor_of(text_, node));
    return Obstacle{alias.at,
                    "stands for what is changed at its anchor " + anchor + " in line " +
                        std::to_string(location_of(text_, node.begin).line) +
                        ", and would change with it",
                    "write it out here, without an alias"};
  }
  return {};
}

std::string Rewriter::text() const {
  std::vector<const Splice*> order;
  for (const Splice& one : splices_) order.push_back(&one);
  std::stable_sort(order.begin(), order.end(), [](const Splice* a, const Splice* b) {
    return a->range.begin < b->range.begin;
  });
  std::string out;
  size_t at = 0;
  for (const Splice* one : order) {
    WOAD_ASSERT(one->range.begin >= at);
    out += text_.substr(at, one->range.begin - at);
    out += one->text;
    at = one->range.end;
  }
  out += text_.substr(at);
  // Its last line has no end, and neither has the one that is last now.
  const bool lost_end = at == text_.size() && !order.empty() && order.back()->text.empty();
  if (lost_end && !text_.empty() && text_.back() != '\n') {
    if (out.ends_with('\n')) out.pop_back();
    if (out.ends_with('\r')) out.pop_back();
  }
  return out;
}

}  // namespace woad::yaml
