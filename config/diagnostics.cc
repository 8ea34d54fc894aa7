#include "config/diagnostics.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "config/node.h"
#include "proxy/base/json.h"
#include "proxy/base/strings.h"

namespace woad::config {

namespace {

constexpr size_t kMaxShownLine = 160;
constexpr size_t kMaxQuoted = 60;
constexpr size_t kMaxCompared = 64;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Tabs and other control characters become spaces, so that the caret stands below its byte and a
// hostile file cannot talk to the terminal; bytes that are not UTF-8 become "?".
std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const char c = text.front();
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (length <= 1) {
      shown += length == 0 ? '?' : control ? ' ' : c;
      text.remove_prefix(1);
    } else {
      shown += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return shown;
}

std::vector<size_t> line_starts(const std::string& source) {
  std::vector<size_t> starts{0};
  for (size_t at = source.find('\n'); at != std::string::npos; at = source.find('\n', at + 1)) {
    starts.push_back(at + 1);
  }
  return starts;
}

// The line and a caret below `column`; of a long line, the part around it.
std::string line_with_caret(std::string_view line, uint32_t column) {
  const size_t at = std::min(static_cast<size_t>(column == 0 ? 0 : column - 1), line.size());
  size_t begin = at > kMaxShownLine / 2 && line.size() > kMaxShownLine ? at - kMaxShownLine / 2 : 0;
  while (begin < at && is_continuation(line[begin])) ++begin;
  size_t end = std::min(line.size(), begin + kMaxShownLine);
  while (end < line.size() && is_continuation(line[end])) ++end;
  const auto before = line.substr(begin, at - begin);
  const auto width = before.size() - static_cast<size_t>(std::count_if(before.begin(), before.end(),
                                                                       is_continuation));
  return printable(line.substr(begin, end - begin)) + "\n" + std::string(width, ' ') + "^\n";
}

// Levenshtein distance with swapped neighbours as one step; both texts are short.
size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<size_t, kMaxCompared + 1>, 3> rows{};
  for (size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t same = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + same});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], rows[(i + 1) % 3][j - 2] + 1);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

Diagnostics::Diagnostics(std::string file, std::shared_ptr<const std::string> source)
    : file_(std::move(file)), source_(std::move(source)) {}

void Diagnostics::error(const Node& node, std::string message, std::string hint) {
  error(node.location(), node.path(), std::move(message), std::move(hint));
}

void Diagnostics::error_at_key(const Node& node, std::string message, std::string hint) {
  error(node.key_location(), node.path(), std::move(message), std::move(hint));
}

void Diagnostics::error_below(const Node& parent, std::string_view key, std::string message,
                              std::string hint) {
  const Node existing = parent.find(key);
  if (existing) return error(existing, std::move(message), std::move(hint));
  std::string path = parent.path();
  path += (path.empty() ? "" : ".") + std::string(key);
  error(parent.key_location(), std::move(path), std::move(message), std::move(hint));
}

void Diagnostics::error(Location location, std::string path, std::string message,
                        std::string hint) {
  if (errors_.size() >= kMaxErrors) {
    ++dropped_;
    return;
  }
  errors_.push_back({location, std::move(path), std::move(message), std::move(hint)});
}

void Diagnostics::warning(const Node& node, std::string message, std::string hint) {
  warnings_.push_back(
      {node.location(), node.path(), std::move(message), std::move(hint), Severity::kWarning});
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> all = errors_;
  all.insert(all.end(), warnings_.begin(), warnings_.end());
  std::stable_sort(all.begin(), all.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.location.line, a.location.column) <
           std::pair(b.location.line, b.location.column);
  });
  return all;
}

std::string text_of(const std::string& file, const std::string* source,
                    const std::vector<Diagnostic>& found) {
  const auto starts = source != nullptr ? line_starts(*source) : std::vector<size_t>();
  std::string out;
  for (const Diagnostic& d : found) {
    out += file + ":";
    if (d.location.line > 0) {
      out += std::to_string(d.location.line) + ":" + std::to_string(d.location.column) + ":";
    }
    out += d.severity == Severity::kError ? " error: " : " warning: ";
    out += printable(d.path) + (d.path.empty() ? "" : ": ") + d.message;
    out += (d.hint.empty() ? "" : "; ") + d.hint + "\n";
    if (d.location.line == 0 || d.location.line > starts.size()) continue;
    const size_t begin = starts[d.location.line - 1];
    size_t end = d.location.line < starts.size() ? starts[d.location.line] - 1 : source->size();
    if (end > begin && (*source)[end - 1] == '\r') --end;
    auto line = std::string_view(*source).substr(begin, end - begin);
    if (line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);  // columns do not count it
    out += line_with_caret(line, d.location.column);
  }
  return out;
}

std::string Diagnostics::text() const {
  std::string out = text_of(file_, source_.get(), sorted());
  if (dropped_ > 0) {
    out += file_ + ": error: " + std::to_string(dropped_) + " more errors are not shown\n";
  }
  return out;
}

std::string Diagnostics::json() const {
  auto list = nlohmann::ordered_json::array();
  for (const Diagnostic& d : sorted()) {
    auto& entry = list.emplace_back();
    entry = {{"file", file_},  {"line", d.location.line}, {"column", d.location.column},
             {"path", d.path}, {"message", d.message},    {"hint", d.hint}};
    if (d.severity == Severity::kWarning) entry["severity"] = "warning";
  }
  return json_page(list);
}

std::string in_quotes(std::string_view text) {
  size_t end = std::min(text.size(), kMaxQuoted);
  while (end < text.size() && is_continuation(text[end])) ++end;
  return '"' + printable(text.substr(0, end)) + (end < text.size() ? "…\"" : "\"");
}

size_t nearest(std::string_view word, const std::vector<std::string_view>& known) {
  size_t found = known.size();
  if (word.empty() || word.size() > kMaxCompared) return found;
  size_t least = word.size() <= 3 ? 1 : word.size() <= 6 ? 2 : 3;
  for (size_t i = 0; i < known.size(); ++i) {
    const std::string_view candidate = known[i];
    if (candidate.size() > kMaxCompared || candidate.size() > word.size() + least ||
        word.size() > candidate.size() + least) {
      continue;
    }
    const size_t steps = distance(word, candidate);
    const bool first = found == known.size();
    if (steps >= std::max(word.size(), candidate.size())) continue;
    if (steps < least || (first && steps == least)) {
      found = i;
      least = steps;
    }
  }
  return found;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  const size_t found = nearest(word, known);
  return found == known.size() ? std::string() : "did you mean " + in_quotes(known[found]) + "?";
}

}  // namespace woad::config
