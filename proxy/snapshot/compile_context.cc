#include "proxy/snapshot/compile_context.h"

#include "proxy/base/context_value.h"
#include "proxy/base/random.h"
#include "proxy/match/compile_match.h"

namespace woad {
namespace {

ContextNames compile_names(const config::Context& from) {
  ContextNames names;
  names.add(ContextHeader::kColor, from.headers.color);
  for (const auto& alias : from.aliases.color) names.add(ContextHeader::kColor, alias);
  names.add(ContextHeader::kTenant, from.headers.tenant);
  for (const auto& alias : from.aliases.tenant) names.add(ContextHeader::kTenant, alias);
  for (const auto& name : from.carry) names.add(ContextHeader::kCarry, name);
  return names;
}

std::vector<CorrelationId> compile_ids(const config::Correlate& from) {
  using Kind = CorrelationId::Kind;
  std::vector<CorrelationId> ids;
  for (const std::string& name : from.ids) {
    const Kind kind = name == "traceparent"    ? Kind::kTraceparent
                      : name == "b3"           ? Kind::kB3
                      : name == "x-b3-traceid" ? Kind::kB3Multi
                      : name == "x-request-id" ? Kind::kRequestId
                                               : Kind::kHeader;
    ids.push_back({kind, HeaderName(name)});
  }
  return ids;
}

class TrustCompiler {
 public:
  explicit TrustCompiler(config::Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  ContextTrust compile(const config::Trust& from) {
    ContextTrust trust;
    trust.set_plaintext(from.plaintext == config::PlaintextTrust::kTrust);
    for (const auto& identity : from.identities) {
      if (identity.unknown()) continue;
      auto pattern = SpiffePattern::parse(*identity);
      if (pattern) {
        trust.add_identity(std::move(*pattern));
      } else {
        diagnostics_.error(identity.node, pattern.error().message);
      }
    }
    for (const auto& [identity, colors] : from.colors) {
      auto pattern = SpiffePattern::parse(identity);
      if (pattern) {
        trust.add_colors(std::move(*pattern), compile_grants(*colors));
      } else {
        diagnostics_.error_at_key(colors.node, pattern.error().message);
      }
    }
    return trust;
  }

 private:
  std::vector<ColorGrant> compile_grants(const config::PatternList& from) {
    std::vector<ColorGrant> grants;
    for (const auto& color : from) {
      auto grant = ColorGrant::parse(*color);
      if (grant) {
        grants.push_back(std::move(*grant));
      } else {
        diagnostics_.error(color.node, grant.error().message);
      }
    }
    return grants;
  }

  config::Diagnostics& diagnostics_;
};

std::vector<DyeRule> compile_dye(const std::vector<config::DyeRule>& from,
                                 config::Diagnostics& diagnostics) {
  std::vector<DyeRule> rules;
  for (const config::DyeRule& each : from) {
    DyeRule rule;
    rule.name = "dye[" + std::to_string(rules.size()) + "]";
    rule.match = compile_match(each.match, diagnostics);
    if (each.set.color) rule.color = **each.set.color;
    if (each.set.tenant) rule.tenant = **each.set.tenant;
    rule.share = each.percent.value;
    if (each.sticky && each.sticky->header) rule.sticky_header.emplace(*each.sticky->header);
    if (each.sticky && each.sticky->cookie) rule.sticky_cookie = *each.sticky->cookie;
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace

ContextSystem compile_context(const config::Config& config, const Snapshot* previous, uint64_t seed,
                              config::Diagnostics& diagnostics) {
  const config::Context& from = config.context;
  const std::string_view own_color = config::label(config.node.labels, "color");
  ContextSystem system;
  system.rules = {
      .names = compile_names(from),
      .baggage = from.baggage,
      .tracestate = from.tracestate,
      .ids = compile_ids(from.correlate),
      .instance_color = from.instance_color ? std::string(own_color) : std::string(),
      .remembers_undyed = !own_color.empty(),
      .infer_unanimous = from.correlate.infer_unanimous,
      .trust = TrustCompiler(diagnostics).compile(from.trust),
      .dye = compile_dye(config.dye, diagnostics),
      .table_limits = {.max_entries = from.correlate.max_entries, .linger = from.correlate.linger}};
  if (previous != nullptr) {
    system.table = previous->context.table;
    system.unanimity = previous->context.unanimity;
  } else {
    Random random(seed);
    system.table = std::make_shared<ContextTable>(random.next(), system.rules.table_limits);
    system.unanimity = std::make_shared<Unanimity>(random.next(), from.correlate.linger);
  }
  return system;
}

}  // namespace woad
