#include "proxy/yaml/splice.h"

#include <algorithm>

#include "proxy/base/result.h"

namespace woad::yaml {
namespace {

// Behind the closing quote.
size_t quoted_end(std::string_view text, size_t begin) {
  const char quote = text[begin];
  size_t at = begin + 1;
  while (at < text.size()) {
    if (quote == '"' && text[at] == '\\') {
      at += 2;
    } else if (text[at] != quote) {
      ++at;
    } else if (quote == '\'' && text.substr(at + 1).starts_with('\'')) {
      at += 2;
    } else {
      return at + 1;
    }
  }
  return text.size();
}

bool is_comment(std::string_view text, size_t at) {
  return text[at] == '#' &&
         (at == 0 || text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '\n');
}

// In brackets a quote opens a text only where a value may begin.
bool may_begin_value(std::string_view text, size_t at) {
  return at == 0 || std::string_view(" \t\r\n[{,:").find(text[at - 1]) != std::string_view::npos;
}

size_t brackets_end(std::string_view text, size_t begin) {
  int open = 0;
  for (size_t at = begin; at < text.size();) {
    const char c = text[at];
    if ((c == '"' || c == '\'') && may_begin_value(text, at)) {
      at = quoted_end(text, at);
      continue;
    }
    if (is_comment(text, at)) {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '[' || c == '{') ++open;
    if (c == ']' || c == '}') --open;
    ++at;
    if (open == 0) return at;
  }
  return text.size();
}

// What blank lines at the end of an entry are to it: nothing; a part of its last text where they
// are indented deeper than that (`|`, `>`); all of them a part of it (`|+`).
enum class BlankLines : uint8_t { kNone, kDeeper, kKept };

BlankLines blank_lines(std::string_view entry) {
  auto found = BlankLines::kNone;
  for (size_t at = entry.find_first_of("|>"); at != std::string_view::npos;
       at = entry.find_first_of("|>", at + 1)) {
    const std::string_view head = entry.substr(at + 1, entry.find('\n', at) - at - 1);
    if (head.substr(0, 2).find('+') != std::string_view::npos) return BlankLines::kKept;
    found = BlankLines::kDeeper;
  }
  return found;
}

// Nothing of an entry whose key or dash stands at `column`. A line of blanks that is indented
// deeper may be the end of a text.
bool is_outside(std::string_view line, size_t column, BlankLines blank) {
  const size_t first = line.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos) return line[first] == '#' && first <= column;
  if (blank == BlankLines::kKept) return false;
  return blank == BlankLines::kNone || line.find_first_not_of(' ') <= column;
}

bool is_in_comment(std::string_view text, size_t at) {
  for (size_t i = line_begin(text, at); i < at; ++i) {
    if (is_comment(text, i)) return true;
  }
  return false;
}

}  // namespace

size_t flow_end(std::string_view text, size_t begin) {
  WOAD_ASSERT(begin < text.size());
  const char c = text[begin];
  if (c == '[' || c == '{') return brackets_end(text, begin);
  if (c == '"' || c == '\'') return quoted_end(text, begin);
  size_t end = begin;
  while (end < text.size() && std::string_view(",]}").find(text[end]) == std::string_view::npos &&
         !is_comment(text, end)) {
    ++end;
  }
  while (end > begin && std::string_view(" \t\r\n").find(text[end - 1]) != std::string_view::npos) {
    --end;
  }
  return end;
}

size_t line_begin(std::string_view text, size_t at) {
  const size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return before == std::string_view::npos ? 0 : before + 1;
}

size_t column_of(std::string_view text, size_t at) { return at - line_begin(text, at); }

size_t document_end(std::string_view text, size_t at) {
  while ((at = text.find('\n', at)) != std::string_view::npos) {
    const std::string_view line = text.substr(++at);
    const bool marker = line.starts_with("---") || line.starts_with("...");
    if (marker &&
        (line.size() == 3 || std::string_view(" \t\r\n").find(line[3]) != std::string_view::npos)) {
      return at;
    }
  }
  return text.size();
}

size_t block_begin(std::string_view text, const Node& parent, size_t index) {
  const size_t value = parent.entries[index].begin;
  if (parent.is_map()) return value;
  const size_t column = column_of(text, parent.begin);
  size_t dash = value;
  do {
    WOAD_ASSERT(dash > 0);
    dash = text.rfind('-', dash - 1);
    WOAD_ASSERT(dash != std::string_view::npos && dash >= parent.begin);
  } while (column_of(text, dash) != column || is_in_comment(text, dash));
  return dash;
}

Range block_lines(std::string_view text, size_t begin, size_t limit) {
  const size_t column = column_of(text, begin);
  const size_t first_line_end = std::min(text.find('\n', begin), limit);
  const BlankLines blank = blank_lines(text.substr(begin, limit - begin));
  size_t end = limit;
  while (end > first_line_end + 1) {
    const size_t line = line_begin(text, end - 1);
    if (line <= begin || !is_outside(text.substr(line, end - line), column, blank)) break;
    end = line;
  }
  return {line_begin(text, begin), end};
}

}  // namespace woad::yaml
