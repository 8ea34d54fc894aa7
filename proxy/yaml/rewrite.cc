#include "proxy/yaml/rewrite.h"

#include <algorithm>

#include "proxy/yaml/places.h"
#include "proxy/yaml/render.h"

namespace woad::yaml {
namespace {

// The entry of a node that an edit speaks of, which counts neither `<<` nor its place.
size_t entry_of(const Node& node, const Edit& edit) {
  if (node.is_list() || edit.kind == Edit::Kind::kInsert) {
    size_t at = edit.at;
    for (size_t i = 0; i < node.entries.size() && i <= at; ++i) {
      if (node.entries[i].origin == Entry::Origin::kMerge) ++at;
    }
    return at;
  }
  return static_cast<size_t>(node.find(edit.key) - node.entries.data());
}

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

}  // namespace

Result<void> Rewriter::change(const Node& root, const Difference& difference) {
  return edit(root, difference, document_end(text_, root.begin));
}

Result<void> Rewriter::edit(const Node& node, const Difference& difference, size_t limit) {
  std::vector<size_t> gone;
  for (const Edit& one : difference) {
    if (one.kind == Edit::Kind::kRemove) gone.push_back(entry_of(node, one));
  }
  const Places places(text_, node, limit, gone);
  for (const Edit& one : difference) {
    const std::string* const key = node.is_map() ? &one.key : nullptr;
    const size_t entry = entry_of(node, one);
    const bool merged = is_merged(node, entry);
    if (one.kind == Edit::Kind::kRemove) {
      if (merged) return Error{config::in_quotes(one.key) + " comes by << from elsewhere"};
    } else if (one.kind == Edit::Kind::kInsert || merged) {
      const Insertion place = places.insertion(entry);
      splice({place.at, place.at}, place.text(key, one.value));
    } else if (one.kind == Edit::Kind::kReplace) {
      splice(places.whole(entry), places.render(key, one.value, places.whole(entry)));
    } else {
      const Result<void> done = edit_within(node, one, places, entry);
      if (!done) return done;
    }
  }
  for (const Range& range : places.gone()) splice(range, {});
  return {};
}

Result<void> Rewriter::edit_within(const Node& node, const Edit& edit, const Places& places,
                                   size_t entry) {
  const Node& inner = node.entries[entry].value;
  if (has_places(inner) && leaves_something(inner, edit.within)) {
    return this->edit(inner, edit.within, places.limit(entry));
  }
  const Range whole = places.whole(entry);
  splice(whole, places.render(node.is_map() ? &edit.key : nullptr, edit.value, whole));
  return {};
}

// New lines end as the text's first one does.
void Rewriter::splice(Range range, std::string text) {
  const size_t line = text_.find('\n');
  if (line != std::string_view::npos && line > 0 && text_[line - 1] == '\r') {
    for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2)) {
      text.insert(at, 1, '\r');
    }
  }
  splices_.push_back({range, std::move(text)});
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
  return out + std::string(text_.substr(at));
}

}  // namespace woad::yaml
