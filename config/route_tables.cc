// `routes` and `filters`.
#include "config/request_path.h"
#include "config/tables.h"

namespace woad::config {

namespace {

const Table<Target>& target_table() {
  static const Table<Target> table{
      required<Target>({"service", &Target::service, located(name()), "The service."}),
      {"weight", &Target::weight, integer<uint32_t>(0, 65535),
       "Share of the requests relative to the others; 0: none."},
  };
  return table;
}

// A service's name, or a weighted list.
bool decode_to(const Node& node, std::vector<Target>& out, Diagnostics& d) {
  out.clear();
  if (node.is_scalar()) return located(name()).decode(node, out.emplace_back().service, d);
  if (node.is_broken()) return false;
  if (!node.is_seq()) {
    d.error(node, "expected a service or a list, got " + std::string(node.kind_name()),
            "write price, or [{ service: price, weight: 90 }, …]");
    return false;
  }
  return list_of(nested(target_table())).decode(node, out, d);
}

Shape<std::vector<Target>> targets() {
  return {"service or list",
          [] {
            return R"({"anyOf":[)" + detail::string_schema() + "," +
                   detail::list_schema(target_table().schema_text()) + "]}";
          },
          decode_to,
          {},
          [](const std::string& prefix, std::vector<ReferenceRow>& rows) {
            target_table().rows(prefix + "[].", rows);
          }};
}

const Table<Rewrite>& rewrite_table() {
  static const Table<Rewrite> table{
      required<Rewrite>({"path_prefix", &Rewrite::path_prefix, located(request_path()),
                         "Takes the place of the prefix that `match.path.prefix` found."}),
  };
  return table;
}

const Table<Mirror>& mirror_table() {
  static const Table<Mirror> table{
      required<Mirror>(
          {"service", &Mirror::service, located(name()), "Gets a copy; its answer is dropped."}),
      {"percent", &Mirror::percent, "Share of the requests that are copied."},
  };
  return table;
}

const Table<Respond>& respond_table() {
  static const Table<Respond> table{
      {"status", &Respond::status, integer<uint32_t>(200, 599), "The answer's status."},
      {"body", &Respond::body, "The answer's body."},
  };
  return table;
}

Shape<uint32_t> redirect_status() {
  const std::vector<std::string_view> known{"301", "302", "303", "307", "308"};
  return scalar<uint32_t>(
      "301, 302, 303, 307, 308", {},
      [] { return std::string(R"({"enum":[301,302,303,307,308]})"); },
      [known](std::string_view text) -> Result<uint32_t> {
        for (const auto status : known) {
          if (status == text) return static_cast<uint32_t>(std::stoul(std::string(text)));
        }
        return Error{in_quotes(text) + " is not a redirect: one of 301, 302, 303, 307, 308"};
      },
      [](const uint32_t& value) { return std::to_string(value); });
}

const Table<Redirect>& redirect_table() {
  static const Table<Redirect> table{
      {"scheme", &Redirect::scheme,
       optional_of(where<std::string>(text(),
                                      [](const std::string& value) {
                                        return value == "http" || value == "https"
                                                   ? std::string()
                                                   : in_quotes(value) + " is not http or https";
                                      })),
       "http or https; a port that is the other one's (80, 443) is left behind, any other "
       "stays."},
      {"host", &Redirect::host,
       optional_of(where<std::string>(text(),
                                      [](const std::string& value) {
                                        const bool good =
                                            parse_host_port(value) || parse_host_port(value + ":1");
                                        return good ? std::string()
                                                    : in_quotes(value) + " is not a host";
                                      })),
       "Host, with a port if it has one."},
      {"path", &Redirect::path, optional_of(request_path()), "Path; the query stays."},
      {"status", &Redirect::status, redirect_status(), "The answer's status."},
  };
  return table;
}

FilterSettings settings_at(const Node& node) {
  auto kept = Document::cutting(node);
  const Node settings = kept->root();
  return {std::string(node.key()), node, settings, std::move(kept)};
}

bool decode_entry(const Node& node, FilterSettings& out, Diagnostics& d) {
  if (node.is_scalar()) {
    out = {std::string(node.text()), node, Node(), nullptr};
    return true;
  }
  if (node.is_broken()) return false;
  if (!node.is_map() || node.size() != 1) {
    d.error(node, "expected a filter's name, or a map of one name and its settings",
            "write - timeout, or - timeout: { request: 5s }");
    return false;
  }
  const Node inner = *node.items().begin();
  if (!inner.is_map() && !inner.is_null()) {
    d.error(inner, "expected a map of settings, got " + std::string(inner.kind_name()));
    return false;
  }
  out = settings_at(inner);
  return true;
}

bool decode_chain(const Node& node, std::vector<FilterSettings>& out, Diagnostics& d) {
  if (!detail::want_seq(node, "a list of filters", d)) return false;
  out.clear();
  bool good = true;
  for (const Node at : node.items()) {
    FilterSettings entry;
    if (!decode_entry(at, entry, d)) {
      good = false;
      continue;
    }
    for (const FilterSettings& other : out) {
      if (other.name != entry.name) continue;
      d.error_at_key(entry.source, in_quotes(entry.name) + " is in this chain already");
      good = false;
    }
    out.push_back(std::move(entry));
  }
  return good;
}

bool decode_settings(const Node& node, std::vector<FilterSettings>& out, Diagnostics& d) {
  if (!detail::want_map(node, "a map of filters", d)) return false;
  out.clear();
  bool good = true;
  for (const Node at : node.items()) {
    if (at.is_broken()) continue;
    if (!at.is_map() && !at.is_null()) {
      d.error(at, "expected a map of settings, got " + std::string(at.kind_name()));
      good = false;
      continue;
    }
    out.push_back(settings_at(at));
  }
  return good;
}

}  // namespace

Shape<std::vector<FilterSettings>> filter_chain() {
  return {"list of filters",
          [] { return std::string(R"({"$ref":"#/$defs/chain"})"); },
          decode_chain,
          {}};
}

Shape<std::vector<FilterSettings>> filter_settings() {
  return {"map of filters",
          [] { return std::string(R"({"$ref":"#/$defs/filters"})"); },
          decode_settings,
          {}};
}

const Table<Route>& route_table() {
  static const Table<Route> table{
      {"match", &Route::match, match_table(), "All conditions must hold; left out: every request."},
      {"to", &Route::to, targets(), "A service, or a list to spread over by weight."},
      {"rewrite", &Route::rewrite, rewrite_table(), "What is changed on the way; only with `to`."},
      {"mirror", &Route::mirror, mirror_table(), "A copy for another service; only with `to`."},
      {"respond", &Route::respond, respond_table(), "An answer from here."},
      {"redirect", &Route::redirect, redirect_table(),
       "A redirect; what is left out stays as in the request."},
      {"filters", &Route::filters, filter_settings(),
       "This route's settings for filters of the outbound chain, on top of the service's."},
  };
  return table;
}

}  // namespace woad::config
