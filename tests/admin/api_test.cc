#include "proxy/admin/api.h"

#include <nlohmann/json.hpp>

#include "proxy/http/browser.h"
#include "tests/server/testing.h"

namespace woad {
namespace {

using Json = nlohmann::json;

struct Asked {
  std::string method = "GET";
  std::string target = "/";
  std::string host = "127.0.0.1:15000";
  AdminScope scope = AdminScope::kAll;
  bool loopback = true;
  std::vector<std::pair<std::string, std::string>> headers{};
};

class Fixture {
 public:
  explicit Fixture(const std::string& text = kShop) : backend(text), api(backend) {}

  WebResponse ask(const Asked& asked) {
    ArenaPool pool;
    Arena arena(pool);
    RequestHead head(arena);
    head.method_name = asked.method;
    head.method = method_of(asked.method);
    head.authority = asked.host;
    head.path = asked.target;
    for (const auto& [name, value] : asked.headers) head.headers.add(name, value);
    std::optional<WebResponse> answer;
    api.answer(head, asked.scope, asked.loopback, [&](WebResponse response) {
      CHECK_FALSE(answer.has_value());
      answer = std::move(response);
    });
    REQUIRE(answer.has_value());
    return std::move(*answer);
  }
  WebResponse get(const std::string& target) { return ask({.target = target}); }

  FakeBackend backend;
  AdminApi api;
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("each path takes its methods alone") {
  Fixture fixture;
  const struct {
    const char* method;
    const char* target;
    int status;
    const char* allow;
  } cases[] = {
      {"GET", "/", 200, ""},
      {"HEAD", "/healthz", 200, ""},
      {"GET", "/healthz", 200, ""},
      {"POST", "/healthz", 405, "GET, HEAD"},
      {"GET", "/readyz", 200, ""},
      {"GET", "/readyz?verbose", 200, ""},
      {"GET", "/metrics", 200, ""},
      {"POST", "/metrics", 405, "GET, HEAD"},
      {"GET", "/config", 200, ""},
      {"DELETE", "/config", 405, "GET, HEAD"},
      {"GET", "/services", 200, ""},
      {"GET", "/config/status", 200, ""},
      {"GET", "/explain", 400, ""},
      {"GET", "/log?level=debug", 405, "POST"},
      {"GET", "/tap", 200, ""},
      {"HEAD", "/tap?color=red", 200, ""},
      {"POST", "/tap", 405, "GET, HEAD"},
      {"GET", "/tap?colour=red", 400, ""},
      {"GET", "/breaker", 405, "POST"},
      {"POST", "/breaker?service=price&state=ajar", 400, ""},
      {"POST", "/breaker?state=open", 400, ""},
      {"POST", "/breaker?service=nobody&state=open", 404, ""},
      {"GET", "/drain", 405, "POST"},
      {"POST", "/drain", 202, ""},
      {"HEAD", "/log", 405, "POST"},
      {"POST", "/log?level=debug", 200, ""},
      {"POST", "/log", 400, ""},
      {"POST", "/log?level=shout", 400, ""},
      {"GET", "/nothing", 404, ""},
      {"GET", "/config/", 404, ""},
      {"GET", "/context", 400, ""},
      {"GET", "/certs", 200, ""},
      {"POST", "/certs", 405, "GET, HEAD"},
      {"GET", "/HEALTHZ", 404, ""},
      {"OPTIONS", "*", 404, ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.method);
    CAPTURE(c.target);
    const WebResponse answer = fixture.ask({.method = c.method, .target = c.target});
    CHECK(answer.status == c.status);
    const std::string allow = answer.headers.empty() ? "" : answer.headers[0].second;
    CHECK(allow == c.allow);
    if (answer.status >= 400) CHECK(answer.content_type == "text/plain; charset=utf-8");
  }
}

TEST_CASE("a refused change changes nothing") {
  Fixture fixture;
  CHECK(fixture.ask({.method = "GET", .target = "/log?level=debug"}).status == 405);
  CHECK(fixture.backend.log_level.empty());
  const std::vector<std::pair<std::string, std::string>> foreign[] = {
      {{"Origin", "http://evil.example"}},
      {{"origin", "null"}},
      {{"sec-fetch-site", "cross-site"}},
      {{"Sec-Fetch-Site", "same-site"}, {"Origin", "http://127.0.0.1:15000"}},
  };
  for (const auto& headers : foreign) {
    CHECK(
        fixture.ask({.method = "POST", .target = "/log?level=debug", .headers = headers}).status ==
        403);
    CHECK(fixture.backend.log_level.empty());
  }
  CHECK(fixture
            .ask({.method = "POST",
                  .target = "/log?level=debug",
                  .headers = {{"Origin", "http://127.0.0.1:15000"},
                              {"sec-fetch-site", "same-origin"}}})
            .status == 200);
  CHECK(fixture.backend.log_level == "debug");
}

TEST_CASE("a page of another origin cannot tap") {
  Fixture fixture;
  const auto site = [&](const char* value) {
    return fixture.ask({.target = "/tap", .headers = {{"sec-fetch-site", value}}}).status;
  };
  CHECK(site("cross-site") == 403);
  CHECK(site("same-site") == 403);
  CHECK(site("same-origin") == 200);
  CHECK(site("none") == 200);
  CHECK_FALSE(fixture.backend.hub.tapped());
}

TEST_CASE("a loopback address answers to loopback names alone") {
  const struct {
    const char* host;
    bool good;
  } cases[] = {
      {"127.0.0.1", true},
      {"127.0.0.1:99", true},
      {"127.9.8.7:1", true},
      {"localhost", true},
      {"LocalHost:15000", true},
      {"[::1]", true},
      {"[::1]:15000", true},
      {"evil.example", false},
      {"evil.example:15000", false},
      {"10.1.2.3", false},
      {"127.0.0.1.evil.com", false},
      {"localhost.evil.com", false},
      {"[::2]", false},
      {"", false},
      {"0.0.0.0", false},
      {"[::1].evil.com", false},
      {"128.0.0.1", false},
  };
  Fixture fixture;
  for (const auto& c : cases) {
    CAPTURE(c.host);
    CHECK(is_loopback_host(c.host) == c.good);
    CHECK(fixture.ask({.target = "/healthz", .host = c.host}).status == (c.good ? 200 : 403));
    CHECK(fixture.ask({.target = "/healthz", .host = c.host, .loopback = false}).status == 200);
    CHECK(
        fixture.ask({.target = "/healthz", .host = c.host, .scope = AdminScope::kProbes}).status ==
        200);
  }
}

TEST_CASE("the other addresses show their paths alone") {
  Fixture fixture;
  const struct {
    AdminScope scope;
    const char* target;
    int status;
  } cases[] = {
      {AdminScope::kProbes, "/healthz", 200},  {AdminScope::kProbes, "/readyz", 200},
      {AdminScope::kProbes, "/metrics", 404},  {AdminScope::kProbes, "/", 404},
      {AdminScope::kProbes, "/config", 404},   {AdminScope::kMetrics, "/metrics", 200},
      {AdminScope::kMetrics, "/healthz", 404}, {AdminScope::kMetrics, "/log", 404},
  };
  for (const auto& c : cases) {
    CAPTURE(c.target);
    const WebResponse answer = fixture.ask({.target = c.target, .host = "any", .scope = c.scope});
    CHECK(answer.status == c.status);
    if (c.status == 404) CHECK_FALSE(contains(answer.body, "/config"));
  }
}

TEST_CASE("readyz says why not, and what is not well") {
  Fixture fixture;
  fixture.backend.why_not_ready = "starting";
  WebResponse answer = fixture.get("/readyz");
  CHECK(answer.status == 503);
  CHECK(answer.body == "not ready: starting\n");
  CHECK(fixture.get("/healthz").status == 200);
  fixture.backend.why_not_ready.clear();
  fixture.backend.warning_lines = {"the last reload was refused", "warning: two\nlines"};
  answer = fixture.get("/readyz");
  CHECK(answer.status == 200);
  CHECK(answer.body == "ready\nwarning: the last reload was refused\nwarning: two lines\n");
}

TEST_CASE("config and its status") {
  Fixture fixture;
  CHECK(fixture.get("/config").body == kShop);
  CHECK(fixture.get("/config").content_type == "application/yaml");
  Json status = Json::parse(fixture.get("/config/status").body);
  CHECK(status["version"] == "7");
  CHECK(status["hash"] == fixture.backend.running->hash);
  CHECK(status["loaded_at"] == "2023-11-14T22:13:20.250Z");
  CHECK(status["last_error"].is_null());
  CHECK(status["source"] == "/etc/woad.yaml");
  fixture.backend.status.last_error = "woad.yaml:1:1: error: \xff";
  status = Json::parse(fixture.get("/config/status").body);
  CHECK(status["last_error"].get<std::string>().starts_with("woad.yaml:1:1: error: "));
}

TEST_CASE("services show pools, endpoints and what is under way") {
  Fixture fixture;
  fixture.backend.active = {{"127.0.0.1:9002", 3}};
  const Json json = Json::parse(fixture.get("/services").body);
  const Json want = Json::parse(R"({"services":[
    {"name":"price","pools":[
      {"name":"base","breaker":"closed","endpoints":[
        {"address":"127.0.0.1:9001","weight":100,"healthy":true,"ejected":false,"active":0}]},
      {"name":"red","breaker":"closed","endpoints":[
        {"address":"127.0.0.1:9002","weight":7,"healthy":true,"ejected":false,"active":3}]}]},
    {"name":"empty","pools":[]}]})");
  CHECK(json == want);
}

TEST_CASE("metrics come in the form that is asked for") {
  Fixture fixture;
  fixture.backend.status.reloads_rejected = 3;
  WebResponse answer = fixture.get("/metrics");
  CHECK(answer.content_type.starts_with("text/plain; version=0.0.4"));
  CHECK(contains(answer.body, "woad_config_reloads_total{result=\"rejected\"} 3\n"));
  CHECK(contains(answer.body, "woad_config_info{version=\"7\",hash=\""));
  CHECK(contains(answer.body, "woad_config_last_success_timestamp_seconds 17000000"));
  answer = fixture.ask({.target = "/metrics",
                        .headers = {{"Accept", "text/plain;q=0.5"},
                                    {"accept", "application/openmetrics-text; version=1.0.0"}}});
  CHECK(answer.content_type.starts_with("application/openmetrics-text"));
  CHECK(answer.body.ends_with("# EOF\n"));
}

TEST_CASE("explain over the query") {
  Fixture fixture;
  Json json = Json::parse(fixture.get("/explain?url=http://price/x&header=x-woad-color:+red").body);
  CHECK(json["service"] == "price");
  CHECK(json["pool"] == "red");
  CHECK(json["error"].is_null());
  json = Json::parse(
      fixture.get("/explain?url=http%3A%2F%2Fprice%2Fa+b&method=POST&header=x-woad-color:%20nil")
          .body);
  CHECK(json["request"] == "POST http://price/a+b");
  CHECK(json["reason"] == "base_absent");
  CHECK(Json::parse(fixture.get("/explain?url=http://nobody/").body)["error"] == "no_route");
  CHECK(contains(fixture.get("/explain?url=http://price/&format=text").body, "pool base (undyed)"));
  for (const char* bad :
       {"/explain", "/explain?url=", "/explain?url=price", "/explain?url=http://price/&header=x",
        "/explain?url=http://price/&format=xml", "/explain?url=http://price/&method=G%20T",
        "/explain?url=http://price/&header=x:a%0ab"}) {
    CAPTURE(bad);
    CHECK(fixture.get(bad).status == 400);
  }
}

TEST_CASE("the index page escapes what it shows and lists what there is") {
  Fixture fixture;
  fixture.backend.warning_lines = {"<script>alert(1)</script>"};
  const WebResponse answer = fixture.get("/");
  CHECK(answer.content_type.starts_with("text/html"));
  CHECK(contains(answer.body, "woad"));
  CHECK_FALSE(contains(answer.body, "<script>"));
  for (const char* path :
       {"/healthz", "/readyz", "/metrics", "/config/status", "/explain", "/tap"}) {
    CHECK(contains(answer.body, path));
  }
}

}  // namespace
}  // namespace woad
