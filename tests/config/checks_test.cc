#include "config/checks.h"

#include <doctest/doctest.h>

#include "config/load.h"

using namespace woad::config;

TEST_CASE("each broken rule is one error at its place") {
  struct Row {
    const char* text;
    const char* path;
    const char* message;
  };
  const std::string head = "node: {service: a}\nservices: {p: {}, q: {}}\n";
  for (const Row& row :
       {Row{"routes: [{to: x}]", "routes[0].to", "no service is named \"x\""},
        Row{"routes: [{to: [{service: x}]}]", "routes[0].to[0].service",
            "no service is named \"x\""},
        Row{"routes: [{to: p, mirror: {service: x}}]", "routes[0].mirror.service",
            "no service is named \"x\""},
        Row{"routes: [{match: {}}]", "routes[0]", "a route needs one of to, respond, redirect"},
        Row{"routes: [{to: }]", "routes[0].to", "expected a service or a list, got nothing"},
        Row{"routes: [{to: p, respond: {}}]", "routes[0].respond",
            "a route does one thing: it has \"to\" already"},
        Row{"routes: [{respond: {}, rewrite: {path_prefix: /}, match: {path: {prefix: /a}}}]",
            "routes[0].rewrite", "only a route with to: can have this"},
        Row{"routes: [{to: p, rewrite: {path_prefix: /}}]", "routes[0].rewrite.path_prefix",
            "needs match.path.prefix, whose place it takes"},
        Row{"routes: [{redirect: {}}]", "routes[0].redirect",
            "changes nothing: the client would circle"},
        Row{"routes: [{to: p, match: {principals: [spiffe://a/b]}}]", "routes[0].match.principals",
            "routes are for the app's own requests, whose caller is always the app"},
        Row{"routes: [{to: []}]", "routes[0].to", "no service in this list has a weight above 0"},
        Row{"drain: {delay: 30s}", "drain", "delay is longer than timeout, which includes it"},
        Row{"context: {aliases: {color: [x-woad-tenant]}}", "context.aliases.color[0]",
            "the header x-woad-tenant has two meanings"},
        Row{"context: {headers: {color: connection}}", "context.headers.color",
            "the header connection has a meaning of its own"},
        Row{"context: {aliases: {tenant: [x-woad-hops]}}", "context.aliases.tenant[0]",
            "the header x-woad-hops has a meaning of its own"},
        Row{"context: {headers: {color: x-woad-tenant}}", "context.headers",
            "the header x-woad-tenant has two meanings"},
        Row{"context: {carry: [x-a, x-b, x-A]}", "context.carry[2]",
            "the header x-a has two meanings"},
        Row{"context: {carry: [traceparent]}", "context.carry[0]",
            "the header traceparent has a meaning of its own"},
        Row{"context: {carry: [x-woad-foo]}", "context.carry[0]",
            "the header x-woad-foo cannot be carried"},
        Row{"routes: [{redirect: {path: \"/x\\r\\nSet-Cookie: a\"}}]", "routes[0].redirect.path",
            "\"/x  Set-Cookie: a\" is not a path: it is spelled as in a URL, a blank as %20"},
        Row{"routes: [{redirect: {path: \"/x?y\"}}]", "routes[0].redirect.path",
            "\"/x?y\" is not a path: it begins with / and has no query"},
        Row{"routes: [{to: p, rewrite: {path_prefix: /a b}, match: {path: {prefix: /a}}}]",
            "routes[0].rewrite.path_prefix",
            "\"/a b\" is not a path: it is spelled as in a URL, a blank as %20"},
        Row{"inbound: [{address: 127.0.0.1:1, app: 127.0.0.1:2, mtls: off, probe_paths: [/ä]}]",
            "inbound[0].probe_paths[0]",
            "\"/ä\" is not a path: it is spelled as in a URL, a blank as %20"},
        Row{"outbound: [{address: 127.0.0.1:15000}]", "outbound[0].address",
            "the admin address 127.0.0.1:15000 is taken by default"},
        Row{"inbound: [{address: 127.0.0.1:1, app: 127.0.0.1:1, mtls: off}]", "inbound[0].app",
            "the app cannot listen where woad does: requests would circle"},
        Row{"outbound: [{address: 127.0.0.1:1}, {address: 127.0.0.1:1}]", "outbound[1].address",
            "the address 127.0.0.1:1 is taken in line 3"}}) {
    const auto result = load_text(head + row.text, "f", Environment::none());
    INFO(row.text);
    INFO(result.diagnostics.text());
    const auto errors = result.diagnostics.sorted();
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].path == row.path);
    CHECK(errors[0].message == row.message);
    CHECK(errors[0].location.line == 3);
  }
}

TEST_CASE("hosts belong to one service, defaults too") {
  const auto result = load_text(
      "node: {service: a}\nservices:\n  a: {}\n  b: {hosts: [A, b.]}\n  c: {hosts: [b]}\n", "f",
      Environment::none());
  CHECK(
      result.diagnostics.text().find("4:15: error: services.b.hosts[0]: the host \"a\" belongs to "
                                     "service \"a\" already") != std::string::npos);
  CHECK(result.diagnostics.count() == 2);
}

TEST_CASE("good files stay good") {
  for (const char* text :
       {"routes: [{respond: {status: 204}}]", "routes: [{to: p}, {to: [{service: p, weight: 1}]}]",
        "routes: [{redirect: {path: /x}}]", "services: {p: {hosts: []}}", "services:", "routes: []",
        "admin: {address: '[::1]:15000'}",
        "outbound: [{address: '[::]:1'}, {address: 0.0.0.0:1}]"}) {
    const std::string head = std::string(text).starts_with("services") ? "" : "services: {p: {}}\n";
    const auto result = load_text("node: {service: a}\n" + head + text, "f", Environment::none());
    INFO(text);
    INFO(result.diagnostics.text());
    CHECK(result.ok());
  }
}
