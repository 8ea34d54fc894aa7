#include "proxy/upstream/census.h"

#include <doctest/doctest.h>

using namespace woad;

namespace {

const MonoTime kNow = MonoTime(hours(1));

TEST_CASE("census: each endpoint once, by the first that is true of it") {
  struct Row {
    bool sick, suspect, ejected, unresolved, passed_over;
    size_t Census::*place;
  };
  for (const Row& row : {Row{false, false, false, false, false, &Census::well},
                         Row{true, true, true, true, true, &Census::unhealthy},
                         Row{false, true, true, true, true, &Census::suspect},
                         Row{false, false, true, true, true, &Census::ejected},
                         Row{false, false, false, true, false, &Census::unreachable},
                         Row{false, false, false, false, true, &Census::unreachable}}) {
    HealthTable table;
    Service service("price");
    service.health_check.emplace();
    Pool& pool = service.pool_for("", "");
    pool.names.push_back("price:80");
    for (const std::string_view address : {"10.0.0.1:80", "10.0.0.2:80"}) {
      pool.endpoints.push_back(
          {.address = *Address::parse(address), .name = std::string(address), .of_name = 1});
    }
    service.finish(table);
    Endpoint& endpoint = service.pool_for("", "").endpoints[0];
    Random random{1};
    if (row.sick) endpoint.check->tell(false);
    if (row.suspect) endpoint.suspect_until = kNow + seconds(1);
    if (row.ejected) {
      endpoint.health->ejection.eject(kNow, {1, seconds(5), seconds(5), 1}, random);
    }
    if (row.unresolved) endpoint.unresolved = "no such name";
    if (row.passed_over) endpoint.health->unreachable(kNow);
    const Census census = census_of(service.pools().front(), kNow);
    CHECK(census.*row.place == (row.place == &Census::well ? 2 : 1));
    CHECK(census.unhealthy + census.suspect + census.ejected + census.unreachable + census.well ==
          2);
  }
}

}  // namespace
