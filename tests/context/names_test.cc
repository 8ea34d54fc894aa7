#include "proxy/context/names.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;

namespace {

TEST_CASE("context names: what a header is to a request's context") {
  ContextNames names;
  names.add(ContextHeader::kColor, "x-woad-color");
  names.add(ContextHeader::kColor, "x-env");
  names.add(ContextHeader::kTenant, "tenant");
  names.add(ContextHeader::kCarry, "user-agent");  // a header with an id of its own
  names.add(ContextHeader::kCarry, std::string(70, 'c'));
  using K = ContextHeader;
  struct Row {
    std::string name;
    K kind;
  };
  const Row cases[] = {
      {"x-woad-color", K::kColor},
      {"X-Woad-Color", K::kColor},
      {"X-ENV", K::kColor},
      {"Tenant", K::kTenant},
      {"User-Agent", K::kCarry},
      {std::string(70, 'C'), K::kCarry},
      {std::string(71, 'c'), K::kNone},
      {"x-woad-hops", K::kHop},
      {"X-Woad-Timeout-Ms", K::kHop},
      {"x-woad-attempt", K::kHop},
      {"x-woad-attempts", K::kOwn},
      {"x-woad-tenant", K::kOwn},  // not the canonical name here
      {"X-WOAD-", K::kOwn},
      {"X_Env", K::kTwin},
      {"x-woad_color", K::kTwin},
      {"user_agent", K::kTwin},
      {"x_envy", K::kNone},
      {"x-woadcolor", K::kNone},
      {"x-env2", K::kNone},
      {"tenanT2", K::kNone},
      {"cookie", K::kNone},
      {"a", K::kNone},
  };
  for (const auto& row : cases) {
    CAPTURE(row.name);
    CHECK(names.kind_of({row.name, "v", header_id(row.name)}) == row.kind);
  }
  CHECK(names.color().text == "x-woad-color");
  CHECK(names.tenant().text == "tenant");
}

}  // namespace
