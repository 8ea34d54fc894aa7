// The whole file as plain structs, each field with its default: what the decode tables fill.
//
// `source` is where a struct stands in the file, for errors that later layers find: see
// Config::tells_places. Nodes live as long as the Config.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/node.h"
#include "config/service_texts.h"
#include "config/values.h"

namespace woad::config {

using Labels = std::vector<std::pair<std::string, Located<std::string>>>;
// The value of `key`, or "".
std::string_view label(const Labels& labels, std::string_view key);

struct NodeIdentity {
  std::string service;
  std::string instance;  // left out: the host name
  Labels labels;         // color and tenant have been checked
};

enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : uint8_t { kJson, kText };
struct Log {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kJson;
};

struct Admin {
  Located<HostPort> address{{"127.0.0.1", 15000, true}, {}};
  std::optional<Located<HostPort>> probes;
  std::optional<Located<HostPort>> metrics;
};

enum class TlsVersion : uint8_t { k12, k13 };
// This workload's identity.
struct Tls {
  Located<std::string> certificate;
  Located<std::string> key;
  Located<std::string> trust_bundle;
  std::optional<Located<std::string>> trust_domain;  // left out: the certificate's
  TlsVersion min_version = TlsVersion::k13;
  Node source;
};

enum class Protocol : uint8_t { kAuto, kHttp1, kHttp2, kTcp };
enum class AppProtocol : uint8_t { kAuto, kHttp1, kHttp2 };
// Who may come in: anyone in plaintext; who proves an identity, or comes in plaintext; who proves
// an identity.
enum class Mtls : uint8_t { kOff, kPermissive, kStrict };

struct Inbound {
  Located<HostPort> address;
  Located<AppAddress> app;
  Protocol protocol = Protocol::kAuto;
  AppProtocol app_protocol = AppProtocol::kAuto;
  Mtls mtls = Mtls::kStrict;
  std::vector<Located<std::string>> probe_paths;
  bool redirect = false;
  std::vector<uint16_t> opaque_ports;
  Node source;
};

enum class Unmatched : uint8_t { kReject, kPassthrough };
struct Outbound {
  Located<HostPort> address;
  bool redirect = false;
  std::vector<uint16_t> opaque_ports;
  std::optional<Unmatched> unmatched;
  Node source;
};

// Header names in lower case.
struct ContextHeaders {
  std::string color = "x-woad-color";
  std::string tenant = "x-woad-tenant";
};
struct ContextAliases {
  std::vector<std::string> color;
  std::vector<std::string> tenant;
};
// Context found again by the ids of a request.
struct Correlate {
  std::vector<std::string> ids{"traceparent", "b3", "x-b3-traceid", "x-request-id"};
  Duration linger = seconds(30);
  uint32_t max_entries = 65536;
  bool infer_unanimous = false;
};
enum class PlaintextTrust : uint8_t { kStrip, kTrust };
// Patterns that are not compiled yet.
using PatternList = std::vector<Located<std::string>>;
// Who may set context on us.
struct Trust {
  PatternList identities;
  std::vector<std::pair<std::string, Located<PatternList>>> colors;  // pattern → colours
  PlaintextTrust plaintext = PlaintextTrust::kStrip;
};
struct Context {
  ContextHeaders headers;
  ContextAliases aliases;
  std::vector<std::string> carry;  // lower-case names
  bool baggage = true;
  bool tracestate = true;
  Correlate correlate;
  bool instance_color = true;
  Trust trust;
  Node source;
};

// A condition on one value; exactly one kind.
struct ValueMatch {
  enum class Kind : uint8_t { kExact, kPrefix, kSuffix, kRegex, kPresent };
  Kind kind = Kind::kExact;
  std::string text;                // exact, prefix, regex (not yet compiled)
  std::vector<std::string> tails;  // suffix
  bool present = true;
  Node source;  // the value of the kind's key: where a bad regex is reported
};

struct PathMatch {
  enum class Kind : uint8_t { kExact, kPrefix, kRegex };
  Kind kind = Kind::kExact;
  std::string text;
  Node source;  // as above
};

// What stands below `match`; nothing named: matches everything.
struct Match {
  std::vector<Located<std::string>> hosts;  // lower case, no final dot; "*.shop", "*"
  std::optional<PathMatch> path;
  std::vector<std::string> methods;
  std::vector<std::pair<std::string, ValueMatch>> headers;  // lower-case names
  std::vector<std::pair<std::string, ValueMatch>> query;
  std::optional<Located<std::string>> color;  // "base": undyed
  std::optional<Located<std::string>> tenant;
  PatternList principals;  // inbound alone
  Node source;
};

// What a dye rule gives a request; at least one of the two.
struct DyeSet {
  std::optional<Located<std::string>> color;
  std::optional<Located<std::string>> tenant;
};
// The value that keeps a percentage the same for the same user; exactly one of the two.
struct Sticky {
  std::optional<std::string> header;  // lower case
  std::optional<std::string> cookie;
};
struct DyeRule {
  Match match;
  DyeSet set;
  Share percent{1.0};
  std::optional<Sticky> sticky;
  Node source;
};

struct Tracing {
  std::optional<Located<std::string>> otlp;  // an http:// URL
  std::optional<Share> sample;               // left out: OTEL_TRACES_SAMPLER, else 1%
  Node source;
};

// Settings of one filter at one place of the file; the filter's own table decodes them, again
// whenever a snapshot is compiled.
struct FilterSettings {
  std::string name;
  Node source;                             // where the name stands
  Node settings;                           // nowhere: none are given
  std::shared_ptr<const Document> kept{};  // has the settings; lives on when the file's is cleared
};

struct Endpoint {
  Located<HostPort> address;
  uint32_t weight = 100;  // 0: gets nothing
  Labels labels;
  Node source;
};

enum class BalancerPolicy : uint8_t { kLeastRequest, kRoundRobin, kRandom, kPeakEwma, kRingHash };
// The value of a request that keeps it at its endpoint; exactly one of the three.
struct BalancerKey {
  std::optional<std::string> header;  // lower case
  std::optional<std::string> cookie;
  bool source_ip = false;
};
struct LoadBalancing {
  BalancerPolicy policy = BalancerPolicy::kLeastRequest;
  std::optional<BalancerKey> key;  // with kRingHash, and only there
};

struct Subset {
  uint32_t size = 0;
  std::optional<uint32_t> index;  // left out: by hash of node.instance
};
struct Locality {
  std::string prefer = "zone";
  Share spill_below{0.7};
  Node source;
};
struct HttpCheck {
  std::string path;  // with its query
};
struct GrpcCheck {
  std::string service;
};
struct TcpCheck {};
// How endpoints are asked whether they are well; exactly one of the three.
struct HealthCheck {
  std::optional<HttpCheck> http;
  std::optional<GrpcCheck> grpc;
  std::optional<TcpCheck> tcp;
  Duration interval = seconds(5);
  Duration timeout = seconds(1);  // may be longer than the interval where it is not written
  uint32_t unhealthy_after = 3;
  uint32_t healthy_after = 2;
  Node source;
};

enum class OnUnhealthy : uint8_t { kFail, kFallback, kPanic };
struct PoolSettings {
  std::string name;    // "red", "base", "red@acme"
  std::string color;   // "" = base
  std::string tenant;  // "" = any
  // Left out: fail for colours, panic for base.
  OnUnhealthy on_unhealthy = OnUnhealthy::kFail;
  Node source;
};

enum class Fallback : uint8_t { kParentThenBase, kBase, kNone };
inline constexpr std::string_view kSystemRoots = "system";
enum class TlsMode : uint8_t { kOff, kTls, kMtls };
struct ServiceTls {
  std::optional<TlsMode> mode;              // left out: see tls_mode()
  PatternList peer;                         // not compiled yet; empty: anyone of our trust domain
  std::optional<Located<std::string>> sni;  // left out: the service's name
  std::optional<Located<std::string>> ca;   // "system" or a file; left out: system
  Node source;
};

struct Service {
  std::string name;
  std::vector<Located<std::string>> hosts;  // as in Match; left out: the name
  std::vector<uint16_t> ports;  // of the hosts; left out: all that no other service claims
  Protocol protocol = Protocol::kAuto;
  ServiceTls tls;
  bool external = false;
  bool stateful = false;
  std::vector<Endpoint> endpoints;
  LoadBalancing load_balancing;
  std::optional<Subset> subset;
  std::optional<Locality> locality;
  std::optional<HealthCheck> health_check;  // left out: nobody is asked
  std::vector<PoolSettings> pools;
  Fallback fallback = Fallback::kParentThenBase;
  std::vector<FilterSettings> filters;
  Node source;
  std::shared_ptr<const Document> document;  // keeps every Node above valid
};

struct Target {
  Located<std::string> service;
  uint32_t weight = 100;
};
struct Rewrite {
  Located<std::string> path_prefix;
};
struct Mirror {
  Located<std::string> service;
  Share percent{1.0};
};
struct Respond {
  uint32_t status = 200;
  std::string body;
};
// What is left out stays as in the request.
struct Redirect {
  std::optional<std::string> scheme;
  std::optional<std::string> host;
  std::optional<std::string> path;
  uint32_t status = 308;
};

// Exactly one of `to`, `respond` and `redirect` is set.
struct Route {
  Match match;
  std::vector<Target> to;
  std::optional<Rewrite> rewrite;
  std::optional<Mirror> mirror;
  std::optional<Respond> respond;
  std::optional<Redirect> redirect;
  std::vector<FilterSettings> filters;
  Node source;
};

// Left out: the default chain.
struct Chains {
  std::optional<std::vector<FilterSettings>> inbound;
  std::optional<std::vector<FilterSettings>> outbound;
};

struct HeaderLimits {
  ByteSize bytes = kib(64);
  uint32_t count = 200;
  ByteSize target = kib(16);
};
struct Http2Limits {
  uint32_t concurrent_streams = 256;
  uint32_t resets_per_second = 100;
};
struct Limits {
  HeaderLimits headers;
  uint32_t client_connections = 10000;
  ByteSize buffer = kib(64);
  Http2Limits http2;
  Duration idle_timeout = minutes(5);
  Duration header_timeout = seconds(10);
};

struct Drain {
  Duration delay = seconds(5);
  Duration timeout = seconds(25);
};

// The file. Immutable once loaded.
struct Config {
  std::string version;
  NodeIdentity node;
  uint32_t workers = 1;  // 0: auto
  Log log;
  Admin admin;
  std::optional<Tls> tls;
  std::vector<Inbound> inbound;
  std::vector<Outbound> outbound;
  Context context;
  std::vector<DyeRule> dye;
  std::vector<std::shared_ptr<const Service>> services;  // never nullptr
  std::vector<Route> routes;
  Chains filters;
  Limits limits;
  Drain drain;
  std::optional<Tracing> tracing;

  Node source;                         // the root
  std::shared_ptr<Document> document;  // keeps every Node above valid
  // The file as it was read, ${VAR} not replaced: what /config shows.
  std::shared_ptr<const std::string> text;
  std::string hash;  // xxh3-128 of the file's bytes, hexadecimal
  // Of each service, views into `text`; empty: not known.
  std::vector<ServiceText> service_texts;
  // Some services were read from an earlier text.
  bool has_older_services = false;
  // It is for another machine, whose files are not here, and whose environment may add labels.
  bool elsewhere = false;

  const std::string& source_text() const { return *text; }
  // Every Node knows its place in `text`. Otherwise an error that is found has none, and is to be
  // found again in what load_text() makes of `text` alone.
  bool tells_places() const { return !has_older_services && document->root(); }
};

// How the endpoints of a service are called: as it is written, else mtls when the file has tls: and
// the service is not external.
TlsMode tls_mode(const Config& config, const Service& service);
}  // namespace woad::config
