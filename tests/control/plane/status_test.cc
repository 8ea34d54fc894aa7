#include "proxy/control/plane/status.h"

#include <doctest/doctest.h>

namespace woad::control {
namespace {

TEST_CASE("the table of services, and what is wrong below it") {
  const std::string table = status_table(
      R"({"protection": {"on": true, "since": "2026-11-29T10:00:00.000Z", "missing": 4},
          "services": [
            {"name": "cart", "version": "0123456789ab", "candidate": null, "instances": 3,
             "members": 3, "applied": 3, "rejected": 0,
             "rollout": {"state": "done", "step": 2, "steps": 2}},
            {"name": "price", "version": null, "candidate": "ba9876543210", "instances": 10,
             "members": 2, "applied": 1, "rejected": 1,
             "rollout": {"state": "halted", "step": 1, "steps": 4}}]})",
      R"({"problems": [{"document": "services/cart.yaml", "line": 3, "column": 5, "service": "cart",
                        "path": "limits", "message": "is odd"},
                       {"document": "mesh.yaml", "line": 0, "column": 0, "service": null,
                        "path": null, "message": "is missing"}],
          "rejections": [{"service": "price", "instance": "p-1", "version": "ba9876543210",
                          "error": "port in use"}]})");
  CHECK(table ==
        "SERVICE  VERSION       ROLLOUT                     INSTANCES  SIDECARS  ACKED  REJECTED\n"
        "cart     0123456789ab  done                        3          3         3      0\n"
        "price    -             halted 1/4 to ba9876543210  10         2         1      1\n"
        "protection: on since 2026-11-29T10:00:00.000Z, 4 instances without heartbeat are kept\n"
        "price/p-1 rejected version ba9876543210: port in use\n"
        "services/cart.yaml:3:5: error: limits: is odd (file of cart)\n"
        "mesh.yaml: error: is missing\n");
}

TEST_CASE("pages that are none make no table, and no harm") {
  for (const char* page : {"", "[]", "5", "{", R"({"services": 5})", R"({"services": [5, {}]})"}) {
    CAPTURE(page);
    CHECK(status_table(page, page).find("protection: off\n") != std::string::npos);
  }
}

}  // namespace
}  // namespace woad::control
