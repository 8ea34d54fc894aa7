#include "config/tree_builder.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <istream>
#include <streambuf>
#include <unordered_set>

namespace woad::config {

namespace {

// Reads from memory that somebody else owns.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // a get area is never written
    setg(begin, begin, begin + text.size());
  }
};

Location location_of(const YAML::Mark& mark) {
  return {static_cast<uint32_t>(std::max(mark.line, 0)) + 1,
          static_cast<uint32_t>(std::max(mark.column, 0)) + 1};
}

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string_view line_of(std::string_view text, uint32_t line) {
  size_t begin = 0;
  for (uint32_t i = 1; i < line && begin != std::string_view::npos; ++i) {
    const size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) return {};
    begin = end + 1;
  }
  return text.substr(begin, text.find('\n', begin) - begin);
}

// What most often is behind a syntax error on this line.
std::string syntax_hint(const std::string& message, std::string_view line, uint32_t column) {
  const auto at = line.substr(std::min<size_t>(column - 1, line.size()));
  if (line.find_first_not_of(" \t") != std::string_view::npos &&
      line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos) {
    return "indent with spaces, not with tabs";
  }
  if (line.find("${") < column) {
    return "between { } or [ ] write \"${VAR}\" in quotes";
  }
  if (message.find("flow not found") != std::string::npos) {
    return "a { or [ before this is not closed, or a comma is missing";
  }
  if (!at.empty() && std::string_view("@`%|>").find(at.front()) != std::string_view::npos) {
    return std::string("a text that begins with ") + at.front() + " needs quotes";
  }
  if (at.starts_with(':')) return "a text that holds \": \" needs quotes";
  return {};
}

}  // namespace

TreeBuilder::TreeBuilder(Document& document, std::string_view yaml, const Environment& environment,
                         Diagnostics& diagnostics)
    : document_(document), yaml_(yaml), environment_(environment), diagnostics_(diagnostics) {}

bool TreeBuilder::run() {
  try {
    ViewBuffer buffer(yaml_);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(*this)) {
    }
  } catch (const Stop&) {
    return false;
  } catch (const YAML::Exception& exception) {
    syntax_error(exception.mark, exception.msg);
    return false;
  } catch (const std::exception& exception) {
    syntax_error(YAML::Mark::null_mark(), exception.what());
    return false;
  }
  if (document_.cells_.empty()) document_.cells_.emplace_back().location = {1, 1};
  document_.cells_.shrink_to_fit();
  document_.texts_.shrink_to_fit();
  return true;
}

void TreeBuilder::syntax_error(const YAML::Mark& mark, const std::string& message) {
  Location location = location_of(mark);
  if (mark.is_null()) location = {1, 1};
  diagnostics_.error(location, "", "not valid YAML: " + message,
                     syntax_hint(message, line_of(yaml_, location.line), location.column));
}

void TreeBuilder::stop(const YAML::Mark& mark, std::string message, std::string hint) {
  diagnostics_.error(location_of(mark), "", std::move(message), std::move(hint));
  throw Stop{};
}

char TreeBuilder::byte_at(const YAML::Mark& mark) const {
  const auto at = static_cast<size_t>(std::max(mark.pos, 0));
  return at < yaml_.size() ? yaml_[at] : '\0';
}

void TreeBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (++documents_ > 1) stop(mark, "a second document", "one file is one configuration");
}

bool TreeBuilder::wants_key() const {
  return !levels_.empty() && document_.cells_[levels_.back().cell].kind == Kind::kMap &&
         !levels_.back().has_key;
}

uint32_t TreeBuilder::add(const YAML::Mark& mark, Kind kind) {
  auto& cells = document_.cells_;
  if (cells.size() >= Document::kMaxNodes) stop(mark, "more than 1,000,000 values");
  if (diagnostics_.full()) throw Stop{};
  if (wants_key()) stop(mark, "a key must be a plain text");
  const auto index = static_cast<uint32_t>(cells.size());
  Cell& cell = cells.emplace_back();
  cell.kind = kind;
  cell.location = location_of(mark);
  if (levels_.empty()) return index;
  Level& level = levels_.back();
  Cell& parent = cells[level.cell];
  cell.parent = level.cell;
  cell.index = parent.count++;
  if (level.has_key) {
    cell.key = level.key;
    cell.key_location = level.key_location;
    level.has_key = false;
  }
  (level.last_child == Document::kNone ? parent.first : cells[level.last_child].next) = index;
  level.last_child = index;
  return index;
}

void TreeBuilder::open(const YAML::Mark& mark, const std::string& tag, Kind kind) {
  check_tag(mark, tag);
  if (levels_.size() >= Document::kMaxDepth) stop(mark, "more than 64 levels of nesting");
  const uint32_t cell = add(mark, kind);
  levels_.emplace_back().cell = cell;
}

// yaml-cpp says "?" for plain values and "!" for quoted ones, which is also what a lone ! gives.
void TreeBuilder::check_tag(const YAML::Mark& mark, const std::string& tag) {
  if (tag.empty() || tag == "?" || (tag == "!" && byte_at(mark) != '!')) return;
  diagnostics_.error(location_of(mark), "", "tags (!) are not allowed",
                     "leave it out; the key says what type it takes");
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t) {
  if (byte_at(mark) == '!') check_tag(mark, "!!null");
  if (wants_key()) stop(mark, "a key is missing before \":\"");
  const uint32_t cell = add(mark, Kind::kNull);
  // The mark of a value that was left out is that of whatever comes next.
  Cell& added = document_.cells_[cell];
  if (added.key_location.line != 0) added.location = added.key_location;
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
  diagnostics_.error(location_of(mark), "", "aliases (*) are not allowed", "write the value again");
  set_broken(add(mark, Kind::kBroken));
}

void TreeBuilder::OnAnchor(const YAML::Mark& mark, const std::string&) {
  diagnostics_.error(location_of(mark), "", "anchors (&) are not allowed");
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                           const std::string& value) {
  check_tag(mark, tag);
  if (value.find('\0') != std::string::npos) stop(mark, "a text may not hold a NUL byte");
  if (wants_key()) return take_key(mark, value);
  const uint32_t cell = add(mark, Kind::kScalar);
  document_.cells_[cell].plain = tag == "?";
  set_text(cell, value);
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                                  YAML::EmitterStyle::value) {
  open(mark, tag, Kind::kSeq);
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                             YAML::EmitterStyle::value) {
  open(mark, tag, Kind::kMap);
}

void TreeBuilder::OnMapEnd() {
  drop_repeated_keys(levels_.back());
  close();
}

void TreeBuilder::take_key(const YAML::Mark& mark, const std::string& key) {
  Level& level = levels_.back();
  level.key = store(key);
  level.key_location = location_of(mark);
  level.has_key = true;
}

void TreeBuilder::drop_repeated_keys(const Level& level) {
  auto& cells = document_.cells_;
  std::unordered_set<std::string_view> seen;
  uint32_t before = Document::kNone;
  for (uint32_t at = cells[level.cell].first; at != Document::kNone; at = cells[at].next) {
    const std::string_view key = document_.view(cells[at].key);
    const bool merge = key == "<<";
    if (!merge && seen.insert(key).second) {
      before = at;
      continue;
    }
    diagnostics_.error_at_key(Node(&document_, at), merge ? "merge keys (<<) are not allowed"
                                                          : "this key is here already");
    unlink(level.cell, before, at);
  }
}

void TreeBuilder::unlink(uint32_t parent, uint32_t before, uint32_t child) {
  auto& cells = document_.cells_;
  (before == Document::kNone ? cells[parent].first : cells[before].next) = cells[child].next;
  --cells[parent].count;
}

Document::Text TreeBuilder::store(std::string_view text) {
  check_text_size(text.size());
  const auto offset = static_cast<uint32_t>(document_.texts_.size());
  document_.texts_ += text;
  return {offset, static_cast<uint32_t>(text.size())};
}

void TreeBuilder::check_text_size(size_t more) {
  if (document_.texts_.size() + more <= Document::kMaxTextBytes) return;
  diagnostics_.error(Location{1, 1}, "", "with its variables the file is larger than 128 MiB");
  throw Stop{};
}

void TreeBuilder::set_text(uint32_t cell, std::string_view raw) {
  const auto offset = static_cast<uint32_t>(document_.texts_.size());
  const size_t before = diagnostics_.count();
  unknown_ = false;
  if (environment_.variables == Environment::Variables::kVerbatim) {
    store(raw);
  } else {
    expand(raw, Node(&document_, cell));
  }
  const auto size = static_cast<uint32_t>(document_.texts_.size() - offset);
  if (unknown_ || diagnostics_.count() > before) {
    set_broken(cell);
  } else {
    document_.cells_[cell].text = {offset, size};
  }
}

void TreeBuilder::set_broken(uint32_t cell) {
  document_.cells_[cell].kind = Kind::kBroken;
  document_.has_broken_ = true;
}

void TreeBuilder::expand(std::string_view raw, const Node& at) {
  while (true) {
    const size_t dollar = raw.find("${");
    store(raw.substr(0, dollar));
    if (dollar == std::string_view::npos) return;
    raw.remove_prefix(dollar);
    if (dollar > 0 && document_.texts_.back() == '$') {  // $${ is a plain ${
      store("{");
      raw.remove_prefix(2);
    } else {
      raw.remove_prefix(expand_one(raw, at));
    }
  }
}

// `raw` begins with "${"; returns how much of it was used up.
size_t TreeBuilder::expand_one(std::string_view raw, const Node& at) {
  const size_t end = raw.find('}');
  const std::string_view inside = raw.substr(2, end == std::string_view::npos ? end : end - 2);
  const size_t dash = inside.find(":-");
  const std::string variable(inside.substr(0, dash));
  if (end == std::string_view::npos || !is_variable_name(variable)) {
    diagnostics_.error(at,
                       in_quotes(raw.substr(0, end == std::string_view::npos ? end : end + 1)) +
                           " is not a variable",
                       "variables are ${NAME} or ${NAME:-default}");
    return raw.size();
  }
  const auto value = environment_.variable(variable);
  if (value && value->find('\0') == std::string::npos && !(value->empty() && dash != inside.npos)) {
    store(*value);
  } else if (dash != std::string_view::npos) {
    store(inside.substr(dash + 2));
  } else if (environment_.variables == Environment::Variables::kElsewhere) {
    unknown_ = true;
  } else {
    diagnostics_.error(at, "the variable " + variable + " is not set",
                       "set it, or give a default: ${" + variable + ":-default}");
  }
  return end + 1;
}

}  // namespace woad::config
