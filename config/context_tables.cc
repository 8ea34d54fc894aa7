// `context` and `dye`: what travels with a request, and how it gets its colour.
#include "config/tables.h"
#include "proxy/base/context_value.h"

namespace woad::config {

namespace {

const Table<ContextHeaders>& headers_table() {
  static const Table<ContextHeaders> table{
      {"color", &ContextHeaders::color, header_name(), "The header that carries the colour."},
      {"tenant", &ContextHeaders::tenant, header_name(), "The header that carries the tenant."},
  };
  return table;
}

const Table<ContextAliases>& aliases_table() {
  static const Table<ContextAliases> table{
      {"color", &ContextAliases::color, list_of(header_name()),
       "More headers in which a colour is understood."},
      {"tenant", &ContextAliases::tenant, list_of(header_name()),
       "More headers in which a tenant is understood."},
  };
  return table;
}

const Table<Correlate>& correlate_table() {
  constexpr uint32_t kMostEntries = 1'000'000;
  static const Table<Correlate> table{
      {"ids", &Correlate::ids, list_of(header_name()),
       "Headers by which an outbound request finds the inbound one, in this order."},
      {"linger", &Correlate::linger, duration(),
       "How long a context is kept after its inbound request ended."},
      {"max_entries", &Correlate::max_entries, integer<uint32_t>(1, kMostEntries),
       "Inbound requests remembered at once; the one that ended first goes first."},
      {"infer_unanimous", &Correlate::infer_unanimous,
       "When all live inbound requests have one context, a request without ids has it too."},
  };
  return table;
}

// A colour, or `red.*` for any child of red.
Shape<std::string> color_grant() {
  return where<std::string>(text(), [](const std::string& value) -> std::string {
    std::string_view color = value;
    if (color.ends_with(".*")) color.remove_suffix(2);
    if (valid_context_value(color)) return {};
    return in_quotes(value) + " is not a colour, nor a colour and .* for its children";
  });
}

const Table<Trust>& trust_table() {
  static const Table<Trust> table{
      {"identities", &Trust::identities,
       "SPIFFE ids whose context is taken over; `*` is one whole segment, a final `/**` any rest."},
      {"colors", &Trust::colors, map_of(located(list_of(located(color_grant()))), "identity"),
       "Colours that these identities may set, and no others; `red.*` is any child of red."},
      {"plaintext", &Trust::plaintext,
       words<PlaintextTrust>(
           {{"strip", PlaintextTrust::kStrip}, {"trust", PlaintextTrust::kTrust}}),
       "Whether context of peers without a verified identity is taken over."},
  };
  return table;
}

const Table<DyeSet>& set_table() {
  static const Table<DyeSet> table{
      {{"color", &DyeSet::color, optional_of(located(context_value("colour"))), "The colour."},
       {"tenant", &DyeSet::tenant, optional_of(located(context_value("tenant"))), "The tenant."}},
      [](const DyeSet& set, const Node& node, Diagnostics& d) {
        if (!set.color && !set.tenant) d.error(node, "sets nothing", "write set: { color: red }");
        if (set.color && **set.color == kBaseColor) {
          d.error(set.color->node, "base is reserved: undyed requests are base already");
        }
      }};
  return table;
}

const Table<Sticky>& sticky_table() {
  static const Table<Sticky> table{
      {{"header", &Sticky::header, optional_of(header_name()), "The value of this header."},
       {"cookie", &Sticky::cookie, optional_of(name()), "The value of this cookie."}},
      [](const Sticky& sticky, const Node& node, Diagnostics& d) {
        if (sticky.header.has_value() == sticky.cookie.has_value()) {
          d.error(node, "needs exactly one of header and cookie");
        }
      }};
  return table;
}

}  // namespace

const Table<Context>& context_table() {
  static const Table<Context> table{
      {"headers", &Context::headers, headers_table(), "The canonical headers."},
      {"aliases", &Context::aliases, aliases_table(), "Other names for them."},
      {"carry", &Context::carry, list_of(header_name()),
       "More headers that travel with a request, under the same rules."},
      {"baggage", &Context::baggage, "Read and plant the W3C baggage members of woad."},
      {"tracestate", &Context::tracestate, "Read and plant the W3C tracestate member of woad."},
      {"correlate", &Context::correlate, correlate_table(),
       "How outbound requests that lost their context get it back."},
      {"instance_color", &Context::instance_color,
       "Outbound requests of no known origin take this pod's own colour."},
      {"trust", &Context::trust, trust_table(), "Whose context is taken over; others' is removed."},
  };
  return table;
}

const Table<DyeRule>& dye_table() {
  static const Table<DyeRule> table{
      {"match", &DyeRule::match, match_table(), "Which requests; left out: all."},
      required<DyeRule>({"set", &DyeRule::set, set_table(), "What they get."}),
      {"percent", &DyeRule::percent, "Share of them that gets it."},
      {"sticky", &DyeRule::sticky, sticky_table(),
       "The same value keeps the same answer; left out: drawn from the request id."},
  };
  return table;
}

}  // namespace woad::config
