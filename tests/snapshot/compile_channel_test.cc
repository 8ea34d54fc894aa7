#include "proxy/snapshot/compile_channel.h"

#include <doctest/doctest.h>

#include "config/load.h"
#include "tests/support/workloads.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr std::string_view kTls =
    "node: { service: cart }\ntls: { certificate: c, key: k, trust_bundle: b }\n";
constexpr std::string_view kNoTls = "node: { service: cart }\n";

TlsContext::Ptr roots_context() {
  return sure(TlsContext::make(sure(TlsMaterial::trust(pem("ca", workloads().root.certificate)))));
}

// What load_tls() would have made of the files.
SnapshotTls tls_of(TlsContext::Ptr own, TlsContext::Ptr system) {
  SnapshotTls tls;
  tls.own.context = std::move(own);
  tls.of_roots["system"].context = std::move(system);
  return tls;
}

const SnapshotTls& tls() {
  static const SnapshotTls shared = tls_of(workloads().cart_context, roots_context());
  return shared;
}

// The channels of the services `p` and `q`, given in the words of the file.
struct Compiled {
  explicit Compiled(std::string_view services, std::string_view head = kTls,
                    const SnapshotTls& made = tls(), const Compiled* previous = nullptr)
      : loaded(config::load_text(std::string(head) + "services:\n" + std::string(services), "f",
                                 config::Environment::none())) {
    REQUIRE_MESSAGE(loaded.ok(), loaded.diagnostics.text());
    ChannelCompiler compiler(*loaded.config, made, previous == nullptr ? nullptr : &previous->all,
                             all, loaded.diagnostics);
    for (const auto& service : loaded.config->services) {
      of.push_back(compiler.to_service(*service));
    }
    app = compiler.to_app();
  }

  config::LoadResult loaded;
  Channels all;
  std::vector<std::shared_ptr<const Channel>> of;
  std::shared_ptr<const Channel> app;
};

TEST_CASE("channels: the mode that is not written") {
  struct Case {
    std::string_view head, service;
    bool own, roots;
  };
  const Case cases[] = {{kTls, "{}", true, false},
                        {kTls, "{ external: true }", false, false},
                        {kTls, "{ external: true, tls: { mode: mtls } }", true, false},
                        {kTls, "{ external: true, tls: { mode: tls } }", false, true},
                        {kTls, "{ tls: { mode: tls } }", false, true},
                        {kTls, "{ tls: { mode: off } }", false, false},
                        {kNoTls, "{}", false, false},
                        {kNoTls, "{ tls: { mode: tls } }", false, true}};
  for (const Case& each : cases) {
    CAPTURE(each.head);
    CAPTURE(each.service);
    const Compiled compiled("  p: " + std::string(each.service) + "\n", each.head);
    CHECK(compiled.loaded.ok());
    const Channel& channel = *compiled.of[0];
    CHECK((channel.tls == tls().own.context) == each.own);
    CHECK((channel.tls == tls().of_roots.at("system").context) == each.roots);
    CHECK((channel.tls_options != nullptr) == (each.own || each.roots));
    CHECK(channel.connect_timeout == Duration(seconds(1)));
  }
}

TEST_CASE("channels: what is offered, by the protocol of the service") {
  struct Case {
    std::string_view protocol;
    std::string alpn;
    bool needs, chooses;  // HTTP/2; between both
  };
  const Case cases[] = {{"auto", alpn_wire({"h2", "http/1.1"}), false, true},
                        {"http1", alpn_wire({"http/1.1"}), false, false},
                        {"http2", alpn_wire({"h2"}), true, false},
                        {"tcp", "", false, false}};
  for (const Case& each : cases) {
    CAPTURE(each.protocol);
    const Compiled compiled("  p: { protocol: " + std::string(each.protocol) + " }\n");
    const Channel& channel = *compiled.of[0];
    REQUIRE(channel.tls_options != nullptr);
    CHECK(channel.tls_options->alpn == each.alpn);
    CHECK(channel.tls_options->sni == "p");
    CHECK(channel.needs_http2 == each.needs);
    REQUIRE((channel.http1 != nullptr) == each.chooses);
    if (!each.chooses) continue;
    CHECK(channel.http1->tls == channel.tls);
    CHECK(channel.http1->tls_options->alpn == alpn_wire({"http/1.1"}));
    CHECK(channel.http1->tls_options->sni == "p");
  }
}

TEST_CASE("channels: who may answer") {
  const Compiled compiled(
      "  p: { tls: { peer: [spiffe://example.org/ns/*/sa/price, spiffe://example.org/x/**] } }\n"
      "  q: {}\n");
  CHECK(compiled.loaded.ok());
  const TlsClientOptions& some = *compiled.of[0]->tls_options;
  CHECK(some.expected == "spiffe://example.org/ns/*/sa/price or spiffe://example.org/x/**");
  REQUIRE(some.peer);
  CHECK(some.peer(kPriceId));
  CHECK(some.peer("spiffe://example.org/x/y/z"));
  CHECK_FALSE(some.peer(kCartId));
  CHECK_FALSE(some.peer("spiffe://other.org/ns/shop/sa/price"));
  CHECK_FALSE(compiled.of[1]->tls_options->peer);
  CHECK(compiled.of[1]->tls_options->expected.empty());
}

TEST_CASE("channels: a bad pattern is an error at its place") {
  const Compiled compiled(
      "  p:\n    tls:\n      peer:\n        - spiffe://example.org/a\n        - spiffe://a/x*\n");
  const auto errors = compiled.loaded.diagnostics.sorted();
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].path == "services.p.tls.peer[1]");
  CHECK(errors[0].location == config::Location{8, 11});
}

TEST_CASE("channels: services share one when nothing is different") {
  struct Case {
    std::string_view p;
    std::string_view q;
    bool same;
  };
  const Case cases[] = {
      {"{ tls: { sni: x } }", "{ tls: { sni: x } }", true},
      {"{ tls: { mode: mtls, sni: x } }", "{ tls: { sni: x } }", true},
      {"{ tls: { sni: q } }", "{}", true},
      {"{ tls: { mode: off } }", "{ external: true, protocol: http2 }", true},
      {"{ tls: { sni: x, peer: [spiffe://a/b] } }", "{ tls: { sni: x, peer: [spiffe://a/b] } }",
       true},
      {"{ tls: { mode: tls, sni: x } }", "{ tls: { mode: tls, sni: x, ca: system } }", true},
      {"{}", "{}", false},  // by their names
      {"{ tls: { sni: x } }", "{ tls: { sni: y } }", false},
      {"{ tls: { sni: x } }", "{ tls: { sni: x, peer: [spiffe://a/b] } }", false},
      {"{ tls: { sni: x, peer: [spiffe://a/c] } }", "{ tls: { sni: x, peer: [spiffe://a/b] } }",
       false},
      {"{ tls: { sni: x } }", "{ tls: { sni: x, mode: tls } }", false},
      {"{ tls: { sni: x } }", "{ tls: { mode: off } }", false},
      {"{ tls: { sni: x } }", "{ tls: { sni: x }, protocol: http1 }", false},
      {"{ tls: { sni: x } }", "{ tls: { sni: x }, protocol: http2 }", false},
      {"{ tls: { sni: x } }", "{ tls: { sni: x }, protocol: tcp }", false},
      {"{ tls: { sni: x }, protocol: http1 }", "{ tls: { sni: x }, protocol: tcp }", false},
  };
  for (const Case& each : cases) {
    CAPTURE(each.p);
    CAPTURE(each.q);
    const Compiled compiled("  p: " + std::string(each.p) + "\n  q: " + std::string(each.q) + "\n");
    CHECK(compiled.loaded.ok());
    CHECK((compiled.of[0] == compiled.of[1]) == each.same);
    CHECK(compiled.app != compiled.of[0]);
    CHECK(compiled.app->tls == nullptr);
    CHECK(compiled.app->connect_timeout == Duration(milliseconds(300)));
  }
}

TEST_CASE("channels: what stays and what is new in the next snapshot") {
  constexpr std::string_view kServices =
      "  own: {}\n  theirs: { tls: { mode: tls } }\n  plain: { tls: { mode: off } }\n";
  const Compiled first(kServices);
  const auto kept = [&](const SnapshotTls& made, std::string_view services) {
    const Compiled next(services, kTls, made, &first);
    std::string text;
    for (size_t i = 0; i < next.of.size(); ++i) text += next.of[i] == first.of[i] ? "=" : "+";
    CHECK(next.app == first.app);
    return text;
  };
  const TlsContext::Ptr system = tls().of_roots.at("system").context;
  CHECK(kept(tls(), kServices) == "===");
  CHECK(first.of[0]->opaque->tls == tls().own.context);
  CHECK(first.of[1]->opaque->tls == nullptr);
  CHECK(first.of[2]->opaque == nullptr);
  CHECK(kept(tls_of(workloads().price_context, system), kServices) == "+==");
  // The same files once more are an epoch of their own.
  CHECK(kept(tls_of(make_context(workloads().cart, workloads().root.certificate), system),
             kServices) == "+==");
  CHECK(kept(tls_of(workloads().cart_context, roots_context()), kServices) == "=+=");
  CHECK(
      kept(tls(), "  own: { tls: { sni: other } }\n  theirs: {}\n  plain: { external: true }\n") ==
      "++=");
}

TEST_CASE("channels: what is no longer used is not handed on") {
  const Compiled first("  p: {}\n  q: {}\n");
  const Compiled second("  p: {}\n", kTls, tls(), &first);
  CHECK(first.all.size() == 7);  // three a service: HTTP/2, HTTP/1, opaque; and the app's
  CHECK(second.all.size() == 4);
}

TEST_CASE("channels: the own pod is called as ourselves, opaque bytes without ALPN") {
  Compiled compiled("  p: {}\n  cart: {}\n");
  const auto own_pod = [&](const SnapshotTls& made, const Channels* previous, Channels& all) {
    ChannelCompiler compiler(*compiled.loaded.config, made, previous, all,
                             compiled.loaded.diagnostics);
    return compiler.to_own_pod();
  };
  const auto own = own_pod(tls(), nullptr, compiled.all);
  CHECK(own->tls == tls().own.context);
  CHECK(own->tls_options->alpn == alpn_for(config::Protocol::kAuto));
  REQUIRE(own->http1 != nullptr);
  CHECK(own->http1->tls_options->alpn == alpn_for(config::Protocol::kHttp1));
  REQUIRE(own->opaque != nullptr);
  CHECK(own->opaque->tls == own->tls);
  CHECK(own->opaque->tls_options->alpn.empty());
  // A service of our name is another matter.
  CHECK(compiled.of[1] != own);
  REQUIRE(compiled.of[1]->opaque != nullptr);
  CHECK(compiled.of[1]->opaque->tls_options->alpn.empty());
  // Kept by a reload, and another one with other certificates.
  Channels same, others;
  CHECK(own_pod(tls(), &compiled.all, same) == own);
  const SnapshotTls rotated = tls_of(workloads().price_context, roots_context());
  CHECK(own_pod(rotated, &compiled.all, others)->tls == rotated.own.context);
}

}  // namespace
