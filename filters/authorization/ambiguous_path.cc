#include "filters/authorization/ambiguous_path.h"

#include "proxy/base/strings.h"

namespace woad {
namespace {

// RFC 3986 section 2.3.
bool is_unreserved(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

std::string_view fault_of_escaped(char c) {
  switch (c) {
    case '/': return "an escaped slash (%2f)";
    case '\\': return "an escaped backslash (%5c)";
    case ';': return "an escaped semicolon (%3b)";
    case '\0': return "an escaped NUL (%00)";
    default: return is_unreserved(c) ? "an escaped letter, digit, or one of - . _ ~" : "";
  }
}

std::string_view fault_of_plain(char c) {
  if (c == '\\') return "a backslash";
  if (c == ';') return "a semicolon";
  if (c == '#') return "a number sign";
  return c > 0x20 && c < 0x7f ? "" : "a byte that is no printable ASCII";
}

std::string_view fault_of_bytes(std::string_view path) {
  for (size_t i = 0; i < path.size(); ++i) {
    std::string_view fault;
    if (path[i] != '%') {
      fault = fault_of_plain(path[i]);
    } else {
      const int high = i + 2 < path.size() ? hex_digit(path[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(path[i + 2]) : -1;
      if (low < 0) return "a % without two hexadecimal digits";
      fault = fault_of_escaped(static_cast<char>(high * 16 + low));
      i += 2;
    }
    if (!fault.empty()) return fault;
  }
  return {};
}

// The last segment may be empty: that is a path with a slash at its end.
std::string_view fault_of_segments(std::string_view path) {
  path.remove_prefix(1);
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (segment == "." || segment == "..") return "a segment of dots";
    if (slash == std::string_view::npos) return {};
    if (segment.empty()) return "an empty segment (//)";
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string_view path_ambiguity(std::string_view path) {
  if (path == "*") return {};
  if (!path.starts_with('/')) return "no slash at its beginning";
  const std::string_view fault = fault_of_bytes(path);
  return fault.empty() ? fault_of_segments(path) : fault;
}

}  // namespace woad
