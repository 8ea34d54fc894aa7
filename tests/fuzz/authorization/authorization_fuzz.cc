// Whatever rules let pass, an app that reads requests in the most lenient way finds nothing in it
// that a rule denies. The first line is a target, each further one a header field.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "filters/authorization/access_rules.h"
#include "filters/authorization/ambiguous_path.h"
#include "proxy/base/strings.h"

namespace woad {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view take_until(std::string_view& text, char end) {
  const size_t size = text.find(end);
  const std::string_view line = text.substr(0, size);
  text = size == std::string_view::npos ? std::string_view() : text.substr(size + 1);
  return line;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

// Without dot segments and empty ones (RFC 3986 section 5.2.4, slashes merged).
std::string merged(std::string_view path) {
  std::vector<std::string_view> kept;
  bool slash_at_end = false;
  path.remove_prefix(1);
  while (true) {
    const bool last = path.find('/') == std::string_view::npos;
    const std::string_view segment = take_until(path, '/');
    const bool up = segment == "..";
    slash_at_end = segment.empty() || segment == "." || up;
    if (up && !kept.empty()) kept.pop_back();
    if (!slash_at_end) kept.push_back(segment);
    if (last) break;
  }
  std::string out;
  for (const std::string_view segment : kept) out.append("/").append(segment);
  return slash_at_end || out.empty() ? out + "/" : out;
}

// RFC 3986 section 6.2.2: escapes of unreserved characters decoded, then merged.
std::string normalised(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::string_view before = path;
    const char c = take_percent_decoded(path, false);
    const std::string_view raw = before.substr(0, before.size() - path.size());
    out.append(is_unreserved(c) ? std::string_view(&c, 1) : raw);
  }
  return merged(out);
}

// As an app reads it that decodes everything, takes '\' for '/' and drops what is behind ';'.
std::string leniently(std::string_view path) {
  std::string out;
  bool parameter = false;
  for (const char read : percent_decoded(path, false)) {
    const char c = read == '\\' ? '/' : read;
    if (c == '\0') break;
    parameter = (parameter || c == ';') && c != '/';
    if (!parameter) out.push_back(c);
  }
  return merged(out);
}

const AccessRules& rules() {
  static const AccessRules all = [] {
    AccessRules made;
    AccessRule path{"path", AccessAction::kDeny, {}};
    path.match.path = PathMatcher::prefix("/admin");
    AccessRule header{"header", AccessAction::kDeny, {}};
    header.match.headers.push_back({HeaderName("x-role"), ValueMatcher::exact("admin")});
    AccessRule query{"query", AccessAction::kDeny, {}};
    query.match.query.push_back({"role", ValueMatcher::exact("admin")});
    for (AccessRule* rule : {&path, &header, &query}) made.add(std::move(*rule));
    made.add({"rest", AccessAction::kAllow, {}});
    return made;
  }();
  return all;
}

// CGI and its kin know no '-'.
bool is_role(std::string_view name) {
  std::string read = lower(name);
  for (char& c : read) c = c == '-' ? '_' : c;
  return read == "x_role";
}

void check_passed(const RequestHead& head) {
  const std::string read = leniently(head.path_only());
  require(read != "/admin" && !read.starts_with("/admin/"));
  for (std::string_view query = head.query(); !query.empty();) {
    std::string_view value = take_until(query, '&');
    const std::string_view key = take_until(value, '=');
    require(percent_decoded(key, true) != "role" || percent_decoded(value, true) != "admin");
  }
  for (const Header& field : head.headers) {
    if (!is_role(field.name)) continue;
    for_each_list_item(field.value, [](std::string_view item) {
      require(item != "admin");
      return true;
    });
  }
}

void judge(std::string_view text) {
  ArenaPool pool;
  Arena arena(pool);
  RequestHead head(arena);
  head.method_name = "GET";
  head.authority = "cart";
  head.path = take_until(text, '\n');
  while (!text.empty()) {
    std::string_view value = take_until(text, '\n');
    const std::string_view name = take_until(value, ':');
    if (!name.empty()) head.headers.add(name, trim(value));
  }
  const std::string_view path = head.path_only();
  if (path_ambiguity(path).empty() && path != "*") require(normalised(path) == path);
  if (!rules().ambiguity(head).empty()) return;
  const AccessRule* rule = rules().deciding({head, "cart", "", "", ""});
  require(rule != nullptr);
  if (rule->action == AccessAction::kAllow && path != "*") check_passed(head);
}

}  // namespace
}  // namespace woad

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  woad::judge({reinterpret_cast<const char*>(data), size});
  return 0;
}
