// Request heads for tests, from one line.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http/message.h"

namespace woad::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

// A request head with an arena of its own. What is given is copied.
struct TestRequest {
  explicit TestRequest(std::string_view method = "GET", std::string_view path = "/",
                       std::string_view authority = "price", const Fields& fields = {})
      : arena(pool), head(arena) {
    fill(head, method, path, authority, fields);
  }

  static void fill(RequestHead& head, std::string_view method, std::string_view path,
                   std::string_view authority, const Fields& fields) {
    Arena& arena = head.headers.arena();
    head.method_name = arena.copy(method);
    head.method = method_of(method);
    head.path = arena.copy(path);
    head.authority = arena.copy(authority);
    for (const auto& [name, value] : fields) head.headers.add_copy(name, value);
  }

  // All values of a field, with commas between; "(none)" when it does not come.
  std::string field(std::string_view name) const { return field_of(head.headers, name); }
  static std::string field_of(const Headers& headers, std::string_view name) {
    if (headers.find(name) == nullptr) return "(none)";
    const HeaderName wanted(name);
    std::string all;
    for (const Header& each : headers) {
      if (each.is(wanted)) all += (all.empty() ? "" : ",") + std::string(each.value);
    }
    return all;
  }

  ArenaPool pool;
  Arena arena;
  RequestHead head;
};

}  // namespace woad::test
