#include "config/prescan.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string>

#include "proxy/base/strings.h"

namespace woad::config {

namespace {

// Brackets and commas also stand in texts, so these bounds are wide; the exact limits are counted
// on what the parser reports.
constexpr size_t kMaxOpenBrackets = 2000;
constexpr size_t kMaxSeparators = 2'000'000;
constexpr size_t kMaxLines = 4'000'000;
// Bytes without a line end, a comma or a bracket.
constexpr size_t kMaxRun = size_t{1} << 20;

std::string hex_byte(char c) {
  char digits[8];
  std::snprintf(digits, sizeof digits, "0x%02x", static_cast<unsigned char>(c));
  return digits;
}

Location location_of(std::string_view text, size_t at) {
  const auto before = text.substr(0, at);
  const auto line = static_cast<uint32_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const size_t start = before.rfind('\n');
  const size_t column = start == std::string_view::npos ? at + 1 : at - start;
  return {line, static_cast<uint32_t>(column)};
}

struct Complaint {
  size_t at;
  std::string message;
};

// The byte at `at` when it may not stand in a file.
std::optional<std::string> bad_control(std::string_view text, size_t at) {
  const char c = text[at];
  if (static_cast<unsigned char>(c) > ' ' && c != 0x7f) return std::nullopt;
  if (c == '\r') {
    if (at + 1 < text.size() && text[at + 1] == '\n') return std::nullopt;
    return "a carriage return without a line feed";
  }
  const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  if (!control || c == '\n' || c == '\t') return std::nullopt;
  return "the control character " + hex_byte(c) + " may not stand in the file";
}

// The bytes that need a look: controls, what Bounds counts, and all beyond ASCII.
constexpr std::array<bool, 256> kNeedsLook = [] {
  std::array<bool, 256> needs{};
  for (size_t byte = 0; byte < needs.size(); ++byte) needs[byte] = byte < ' ' || byte >= 0x7f;
  for (const char c : std::string_view("[]{},")) needs[static_cast<unsigned char>(c)] = true;
  return needs;
}();

// Counts what the parser would have to hold or walk.
class Bounds {
 public:
  // Where the first byte stands with which a text without an end is too long.
  size_t run_end() const { return run_begin_ + kMaxRun + 1; }
  // Why the file is too much once `c` at `at` has been read, or "".
  std::string_view take(char c, size_t at) {
    if (c == '[' || c == '{') ++open_;
    if ((c == ']' || c == '}') && open_ > 0) --open_;
    if (c == '\n') ++lines_;
    if (c == ',' || c == '[' || c == '{') ++separators_;
    if (c == '\n' || c == ',' || c == '[' || c == '{') run_begin_ = at;
    if (open_ > kMaxOpenBrackets) return "more than 64 levels of nesting";
    if (separators_ > kMaxSeparators) return "more than 1,000,000 values";
    if (lines_ > kMaxLines) return "more than 4,000,000 lines";
    if (at - run_begin_ > kMaxRun) return "a text of more than 1 MiB";
    return {};
  }

 private:
  size_t open_ = 0;
  size_t separators_ = 0;
  size_t lines_ = 0;
  size_t run_begin_ = 0;
};

std::optional<Complaint> find_complaint(std::string_view text) {
  Bounds bounds;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.size(), bounds.run_end());
    while (at < end && !kNeedsLook[static_cast<unsigned char>(text[at])]) ++at;
    if (at == text.size()) break;
    const char c = text[at];
    const size_t length = utf8_length(text.substr(at));
    if (length == 0) return Complaint{at, "the byte " + hex_byte(c) + " is not UTF-8"};
    if (auto wrong = bad_control(text, at)) return Complaint{at, std::move(*wrong)};
    const std::string_view too_much = bounds.take(c, at);
    if (!too_much.empty()) return Complaint{at, std::string(too_much)};
    at += length;
  }
  return std::nullopt;
}

}  // namespace

bool prescan(std::string_view text, Diagnostics& diagnostics) {
  auto complaint = find_complaint(text);
  if (!complaint) return true;
  diagnostics.error(location_of(text, complaint->at), "", std::move(complaint->message));
  return false;
}

}  // namespace woad::config
