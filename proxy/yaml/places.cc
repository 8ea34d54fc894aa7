#include "proxy/yaml/places.h"

#include <algorithm>

#include "proxy/yaml/render.h"

namespace woad::yaml {

size_t own_entries(const Node& node) {
  return static_cast<size_t>(
      std::count_if(node.entries.begin(), node.entries.end(),
                    [](const Entry& entry) { return entry.origin != Entry::Origin::kMerged; }));
}

std::string Insertion::text(const std::string* key, const Value& value) const {
  if (style == Node::Style::kFlow) return before + render_flow(key, value, column, step) + after;
  std::string lines = before + render_block(key, value, column) + after;
  if (ends_text) lines.pop_back();
  return lines;
}

Rewriter::Places::Places(std::string_view text, const Node& node, size_t limit,
                         const std::vector<size_t>& gone)
    : text_(text), node_(node), limit_(limit), gone_(gone), own_(own_entries(node)) {}

bool Rewriter::Places::stays(size_t entry) const {
  return std::find(gone_.begin(), gone_.end(), entry) == gone_.end();
}

Insertion Rewriter::Places::insertion(size_t entry) const {
  return is_flow() ? flow_insertion(entry) : block_insertion(entry);
}

// Behind the entry before, so that comments above the next one stay with it.
Insertion Rewriter::Places::block_insertion(size_t entry) const {
  const size_t column = column_of(text_, block_begin(text_, node_, 0));
  const std::string indent(column, ' ');
  for (size_t i = std::min(entry, own_); i-- > 0;) {
    if (!stays(i)) continue;
    const size_t at = lines(i).end;
    const bool open = at > 0 && text_[at - 1] != '\n';
    return {.style = Node::Style::kBlock,
            .at = at,
            .before = (open ? "\n" : "") + indent,
            .after = {},
            .column = column,
            .ends_text = open};
  }
  size_t next = entry;
  while (next < own_ && !stays(next)) ++next;
  return {.style = Node::Style::kBlock,
          .at = block_begin(text_, node_, next),
          .before = {},
          .after = indent,
          .column = column};
}

Insertion Rewriter::Places::flow_insertion(size_t entry) const {
  Insertion place{.style = Node::Style::kFlow, .at = node_.begin + 1, .before = {}, .after = {}};
  std::string comma = ", ";
  const size_t first = flow_begin(0);
  if (line_begin(text_, first) != line_begin(text_, node_.begin)) {
    const size_t line = line_begin(text_, node_.begin);
    const size_t outer = text_.find_first_not_of(' ', line) - line;
    place.column = column_of(text_, first);
    place.step = place.column > outer ? place.column - outer : 1;
    comma = ",\n" + std::string(place.column, ' ');
  }
  for (size_t next = entry; next < own_; ++next) {
    if (!stays(next)) continue;
    place.at = flow_begin(next);
    place.after = comma;
    return place;
  }
  size_t last = own_ - 1;
  while (!stays(last)) --last;
  place.at = flow_finish(last);
  place.before = comma;
  return place;
}

Range Rewriter::Places::whole(size_t entry) const {
  if (!is_flow()) return {block_begin(text_, node_, entry), lines(entry).end};
  return {flow_begin(entry), flow_finish(entry)};
}

std::string Rewriter::Places::render(const std::string* key, const Value& value,
                                     Range whole) const {
  if (is_flow()) {
    const bool spread =
        text_.substr(whole.begin, whole.end - whole.begin).find('\n') != std::string_view::npos;
    const Insertion like = flow_insertion(0);
    return render_flow(key, value, like.column, spread ? like.step : 0);
  }
  std::string lines = render_block(key, value, column_of(text_, whole.begin));
  if (text_[whole.end - 1] != '\n') lines.pop_back();
  return lines;
}

std::vector<Range> Rewriter::Places::gone() const {
  std::vector<Range> ranges;
  for (size_t i = 0; i < own_; ++i) {
    if (stays(i)) continue;
    if (!is_flow()) {
      ranges.push_back(lines(i));
      continue;
    }
    const size_t first = i;
    while (i + 1 < own_ && !stays(i + 1)) ++i;
    ranges.push_back(flow_gone(first, i));
  }
  return ranges;
}

// With one comma.
Range Rewriter::Places::flow_gone(size_t first, size_t last) const {
  if (last + 1 < own_) return {flow_begin(first), flow_begin(last + 1)};
  return {first > 0 ? flow_finish(first - 1) : flow_begin(first), flow_finish(last)};
}

size_t Rewriter::Places::limit(size_t entry) const {
  if (is_flow() || entry + 1 >= own_) return limit_;
  return line_begin(text_, block_begin(text_, node_, entry + 1));
}

Range Rewriter::Places::lines(size_t entry) const {
  return block_lines(text_, block_begin(text_, node_, entry), limit(entry));
}

// An alias stands behind its key.
size_t Rewriter::Places::flow_finish(size_t entry) const {
  const Entry& one = node_.entries[entry];
  if (!one.value.shared) return flow_end(text_, one.value.begin);
  const char quote = text_[one.begin];
  const size_t key_end = quote == '"' || quote == '\'' ? flow_end(text_, one.begin) : one.begin;
  const size_t value = text_.find_first_not_of(" \t\r\n", text_.find(':', key_end) + 1);
  return flow_end(text_, value);
}

}  // namespace woad::yaml
