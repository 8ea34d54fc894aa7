#include "proxy/observe/tap_filter.h"

namespace woad {
namespace {

bool matches_text(const std::string& wanted, std::string_view value) {
  return wanted.empty() || wanted == value;
}

bool matches_prefix(std::string_view prefix, std::string_view path) {
  if (prefix.empty()) return true;
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

bool TapFilter::matches(const AccessRecord& record) const {
  return record.response_code >= lowest_status && record.response_code <= highest_status &&
         matches_text(color, record.color) && matches_text(tenant, record.tenant) &&
         matches_text(service, record.service) && matches_prefix(path, record.path);
}

}  // namespace woad
