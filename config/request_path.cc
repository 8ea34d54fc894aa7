#include "config/request_path.h"

#include <algorithm>

#include "config/diagnostics.h"
#include "config/values.h"

namespace woad::config {
namespace {

bool is_spelled_as_in_a_url(std::string_view text) {
  const auto stands_in_a_url = [](char c) { return c > ' ' && c < 0x7f && c != '#'; };
  return text.starts_with('/') && std::all_of(text.begin(), text.end(), stands_in_a_url);
}

std::string fault_of_request_path(std::string_view text) {
  if (!text.starts_with('/') || text.find_first_of("?#") != std::string_view::npos) {
    return in_quotes(text) + " is not a path: it begins with / and has no query";
  }
  if (is_spelled_as_in_a_url(text)) return {};
  return in_quotes(text) + " is not a path: it is spelled as in a URL, a blank as %20";
}

}  // namespace

Shape<std::string> request_path() {
  return where<std::string>(text(),
                            [](const std::string& value) { return fault_of_request_path(value); });
}

std::string fault_of_request_target(std::string_view text) {
  if (is_spelled_as_in_a_url(text)) return {};
  return in_quotes(text) + " is not a path: it begins with / and is spelled as in a URL";
}

Shape<std::string> request_target() {
  return where<std::string>(
      text(), [](const std::string& value) { return fault_of_request_target(value); });
}

}  // namespace woad::config
