#include "proxy/yaml/places.h"

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/yaml/render.h"

namespace woad::yaml {
namespace {

// How much deeper what stands below a key is indented.
constexpr size_t kStep = 2;

// Nothing but blanks, or a comment, up to the end of the line.
bool is_rest_of_line_empty(std::string_view text, size_t at) {
  const size_t first = text.find_first_not_of(" \t\r", at);
  return first == std::string_view::npos || text[first] == '\n' ||
         (text[first] == '#' && first > at);
}

}  // namespace

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

std::string Insertion::text(const Value& value) const {
  std::string lines = before + render_entries(value, column) + after;
  if (ends_text) lines.pop_back();
  return lines;
}

Rewriter::Places::Places(std::string_view text, const Node& node, size_t limit,
                         const std::vector<bool>& gone)
    : text_(text), node_(node), limit_(limit), gone_(gone), own_(own_entries(node)) {}

Insertion Rewriter::Places::insertion(size_t entry) const {
  return is_flow() ? flow_insertion(entry) : block_insertion(entry);
}

// Behind the lines of an entry.
Insertion Rewriter::Places::behind(size_t entry, size_t column) const {
  const size_t at = lines(entry).end;
  const bool open = at > 0 && text_[at - 1] != '\n';
  return {.style = Node::Style::kBlock,
          .at = at,
          .before = (open ? "\n" : "") + std::string(column, ' '),
          .after = {},
          .column = column,
          .ends_text = open};
}

// Behind the entry before, so that comments above the next one stay with it.
Insertion Rewriter::Places::block_insertion(size_t entry) const {
  const size_t column = column_of(text_, block_begin(text_, node_, 0));
  for (size_t i = std::min(entry, own_); i-- > 0;) {
    if (stays(i)) return behind(i, column);
  }
  size_t next = entry;
  while (next < own_ && !stays(next)) ++next;
  return {.style = Node::Style::kBlock,
          .at = block_begin(text_, node_, next),
          .before = {},
          .after = std::string(column, ' '),
          .column = column};
}

Insertion Rewriter::Places::flow_insertion(size_t entry) const {
  Insertion place{.style = Node::Style::kFlow, .at = node_.begin + 1, .before = {}, .after = {}};
  std::string comma = ", ";
  const size_t first = flow_begin(0);
  if (text_.substr(node_.begin, first - node_.begin).find('\n') != std::string_view::npos) {
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
    if (!is_flow() && begins_line(i)) {
      ranges.push_back(lines(i));
      continue;
    }
    const size_t first = i;
    while (i + 1 < own_ && !stays(i + 1)) ++i;
    ranges.push_back(is_flow() ? flow_gone(first, i) : head_gone(i));
  }
  return ranges;
}

// False of the first key behind a dash.
bool Rewriter::Places::begins_line(size_t entry) const {
  const size_t begin = block_begin(text_, node_, entry);
  return text_.find_first_not_of(' ', line_begin(text_, begin)) == begin;
}

// The next key moves up to the dash.
Range Rewriter::Places::head_gone(size_t last) const {
  const size_t begin = block_begin(text_, node_, 0);
  return {begin, last + 1 < own_ ? block_begin(text_, node_, last + 1) : lines(last).end};
}

// With one comma.
Range Rewriter::Places::flow_gone(size_t first, size_t last) const {
  if (last + 1 < own_) return {flow_begin(first), flow_begin(last + 1)};
  const size_t finish = flow_finish(last);
  if (first > 0) return {flow_finish(first - 1), finish};
  const size_t next = text_.find_first_not_of(" \t\r\n", finish);
  return {flow_begin(first), text_.substr(next).starts_with(',') ? next + 1 : finish};
}

size_t Rewriter::Places::limit(size_t entry) const {
  if (is_flow() || entry + 1 >= own_) return limit_;
  return line_begin(text_, block_begin(text_, node_, entry + 1));
}

Range Rewriter::Places::lines(size_t entry) const {
  return block_lines(text_, block_begin(text_, node_, entry), limit(entry));
}

size_t Rewriter::Places::behind_colon(size_t entry) const {
  const Entry& one = node_.entries[entry];
  const char quote = text_[one.begin];
  size_t key_end = one.begin;
  if (quote == '"' || quote == '\'') {
    key_end = flow_end(text_, one.begin);
  } else if (text_.substr(one.begin).starts_with(one.key)) {
    key_end += one.key.size();
  }
  return std::min(text_.find(':', key_end), text_.size() - 1) + 1;
}

bool Rewriter::Places::is_without_value(size_t entry) const {
  const Node& value = node_.entries[entry].value;
  if (is_flow() || !node_.is_map() || value.shared || !to_value(value).is_null()) return false;
  const auto at = word(entry);
  return at && is_rest_of_line_empty(text_, at->end);
}

Insertion Rewriter::Places::below(size_t entry) const {
  return behind(entry, column_of(text_, flow_begin(entry)) + kStep);
}

std::optional<Range> Rewriter::Places::word(size_t entry) const {
  const size_t colon = behind_colon(entry);
  if (is_rest_of_line_empty(text_, colon)) return Range{colon, colon};
  const size_t begin = text_.find_first_not_of(" \t", colon);
  const size_t end = std::min(text_.find_first_of(" \t\r\n", begin), text_.size());
  const std::string_view found = text_.substr(begin, end - begin);
  if (found != "~" && lower(found) != "null") return {};
  return Range{colon, end};
}

bool Rewriter::Places::stands_below(size_t entry) const {
  const Node& value = node_.entries[entry].value;
  return !is_flow() && node_.is_map() && value.kind != Node::Kind::kScalar &&
         value.style == Node::Style::kBlock && is_rest_of_line_empty(text_, behind_colon(entry));
}

std::string Rewriter::Places::in_brackets(size_t entry, const Value& value) const {
  Insertion like{.style = Node::Style::kFlow, .at = 0, .before = {}, .after = {}};
  if (is_flow()) {
    like = flow_insertion(0);
  } else {
    like.column = column_of(text_, flow_begin(entry)) + kStep;
    like.step = kStep;
  }
  std::string entries;
  for (const auto& item : value.items()) {
    const std::string* const key = value.is_object() ? &item.key() : nullptr;
    entries +=
        (entries.empty() ? "" : ", ") + render_flow(key, item.value(), like.column, like.step);
  }
  return entries;
}

// An alias stands behind its key.
size_t Rewriter::Places::flow_finish(size_t entry) const {
  const Entry& one = node_.entries[entry];
  if (!one.value.shared) return flow_end(text_, one.value.begin);
  return flow_end(text_, text_.find_first_not_of(" \t\r\n", behind_colon(entry)));
}

}  // namespace woad::yaml
