#include "proxy/match/query.h"

#include "proxy/base/strings.h"

namespace woad {
namespace {

bool decodes_to(std::string_view raw, std::string_view text) {
  for (const char c : text) {
    if (raw.empty() || take_percent_decoded(raw, true) != c) return false;
  }
  return raw.empty();
}

std::string_view decoded(std::string_view raw, Arena& arena) {
  if (raw.find_first_of("%+") == std::string_view::npos) return raw;
  auto* const text = static_cast<char*>(arena.allocate(raw.size(), 1));
  size_t size = 0;
  while (!raw.empty()) text[size++] = take_percent_decoded(raw, true);
  return {text, size};
}

// Calls `visit(raw value)` for each pair with that key until it returns false.
template <class F>
void for_each_value(std::string_view query, std::string_view key, F&& visit) {
  for_each_query_pair(query, [&](std::string_view its_key, std::string_view value) {
    return !decodes_to(its_key, key) || visit(value);
  });
}

}  // namespace

std::optional<std::string_view> query_value(std::string_view query, std::string_view key,
                                            Arena& arena) {
  std::optional<std::string_view> found;
  for_each_value(query, key, [&](std::string_view raw) {
    found = decoded(raw, arena);
    return false;
  });
  return found;
}

size_t count_query_key(std::string_view query, std::string_view key) {
  size_t count = 0;
  for_each_value(query, key, [&count](std::string_view) {
    ++count;
    return true;
  });
  return count;
}

}  // namespace woad
