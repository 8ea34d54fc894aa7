#include "proxy/control/store/etcd/etcd_messages.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "proxy/base/base64.h"

namespace woad::control {
namespace {

using Json = nlohmann::json;
using If = StoreWrite::If;

std::string key(const std::string& name) { return base64("/woad/v1/" + name); }

TEST_CASE("etcd: what is asked") {
  CHECK(Json::parse(range_request("", 0)) ==
        Json{{"key", key("")}, {"range_end", base64("/woad/v10")}, {"limit", 100}});
  CHECK(Json::parse(range_request("b", 7)) == Json{{"key", base64(std::string("/woad/v1/b\0", 11))},
                                                   {"range_end", base64("/woad/v10")},
                                                   {"limit", 100},
                                                   {"revision", "7"}});
  CHECK(Json::parse(watch_request(8))["create_request"]["start_revision"] == "8");
  CHECK(Json::parse(grant_request(milliseconds(1500))) == Json{{"TTL", "2"}});
}

TEST_CASE("etcd: writes with and without a condition, and the lease of instances") {
  const std::vector<StoreWrite> writes = {
      {.key = "status/price/a", .value = "1"},
      {.key = "instances/price/a", .value = "2", .condition = If::kAbsent},
      {.key = "instances/price/b", .value = {}, .condition = If::kRevision, .revision = 5},
      {.key = "rollouts/price", .value = "3", .condition = If::kRevision, .revision = 6},
      {.key = "status/price/b", .value = {}},
  };
  const Json all = Json::parse(write_request(writes, "77"))["success"];
  REQUIRE(all.size() == 5);
  CHECK(all[0]["request_put"] == Json{{"key", key("status/price/a")}, {"value", base64("1")}});
  const Json& absent = all[1]["request_txn"];
  CHECK(absent["compare"][0] == Json{{"key", key("instances/price/a")},
                                     {"target", "VERSION"},
                                     {"result", "EQUAL"},
                                     {"version", "0"}});
  CHECK(absent["success"][0]["request_put"]["lease"] == "77");
  const Json& removed = all[2]["request_txn"];
  CHECK(removed["compare"][0] == Json{{"key", key("instances/price/b")},
                                      {"target", "MOD"},
                                      {"result", "EQUAL"},
                                      {"mod_revision", "5"}});
  CHECK(removed["success"][0] ==
        Json{{"request_delete_range", {{"key", key("instances/price/b")}}}});
  CHECK(!all[3]["request_txn"]["success"][0]["request_put"].contains("lease"));
  CHECK(all[4] == Json{{"request_delete_range", {{"key", key("status/price/b")}}}});

  const auto outcomes = parse_written(
      R"({"responses":[{"response_put":{}},{"response_txn":{"succeeded":true}},{"response_txn":{}},)"
      R"({"response_txn":{"succeeded":true}},{"response_delete_range":{}}]})",
      writes);
  REQUIRE(outcomes);
  CHECK(*outcomes == std::vector{StoreOutcome::kDone, StoreOutcome::kDone, StoreOutcome::kConflict,
                                 StoreOutcome::kDone, StoreOutcome::kDone});
  for (const char* body : {"", "7", "{}", R"({"responses":{}})", R"({"responses":[{}]})"}) {
    CHECK(!parse_written(body, writes));
  }
}

TEST_CASE("etcd: leases") {
  CHECK(*parse_grant(R"({"ID":"2324035698937791241","TTL":"60"})") == "2324035698937791241");
  CHECK(*parse_grant(R"({"ID":5})") == "5");
  for (const char* body : {"", "{}", R"({"ID":"x"})", R"({"ID":-5})", R"({"ID":[]})"}) {
    CHECK(!parse_grant(body));
  }
}

}  // namespace
}  // namespace woad::control
