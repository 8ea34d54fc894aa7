// `match`: conditions on a request.
#include <algorithm>

#include "config/tables.h"
#include "proxy/base/context_value.h"
#include "proxy/base/strings.h"

namespace woad::config {

namespace {

// A map with exactly one of `known` in it: that entry, or nowhere with an error.
Node only_entry(const Node& node, const std::vector<std::string_view>& known, Diagnostics& d) {
  std::string list;
  for (const auto word : known) list += (list.empty() ? "" : ", ") + std::string(word);
  if (node.is_broken()) return {};
  if (!node.is_map()) {
    const std::string text = node.is_scalar() ? std::string(node.text()) : "…";
    d.error(node, "expected a map of one condition: " + list, "write { exact: \"" + text + "\" }");
    return {};
  }
  Node found;
  for (const Node entry : node.items()) {
    if (std::find(known.begin(), known.end(), entry.key()) == known.end()) {
      detail::unknown_key(entry, known, d);
      return {};
    }
    if (found) {
      d.error_at_key(entry, "only one condition a value can stand here: " + list);
      return {};
    }
    found = entry;
  }
  if (!found) d.error(node, "is empty: one condition must stand here: " + list);
  return found;
}

bool decode_tails(const Node& node, std::vector<std::string>& out, Diagnostics& d) {
  if (node.is_scalar()) {
    out.emplace_back(node.text());
    return true;
  }
  return list_of(name()).decode(node, out, d) &&
         (!out.empty() || (d.error(node, "an empty list matches nothing"), false));
}

bool decode_value(const Node& node, ValueMatch& out, Diagnostics& d) {
  using Kind = ValueMatch::Kind;
  const Node entry = only_entry(node, {"exact", "prefix", "suffix", "regex", "present"}, d);
  if (!entry) return false;
  out.source = entry;
  const std::string_view key = entry.key();
  if (key == "present") {
    out.kind = Kind::kPresent;
    return boolean().decode(entry, out.present, d);
  }
  if (key == "suffix") {
    out.kind = Kind::kSuffix;
    return decode_tails(entry, out.tails, d);
  }
  out.kind = key == "exact" ? Kind::kExact : key == "prefix" ? Kind::kPrefix : Kind::kRegex;
  return text().decode(entry, out.text, d);
}

std::string value_schema() {
  const std::string one = detail::string_schema();
  return R"({"type":"object","minProperties":1,"maxProperties":1,"additionalProperties":false,)"
         R"("properties":{"exact":)" +
         one + R"(,"prefix":)" + one + R"(,"suffix":{"anyOf":[)" + one + "," +
         detail::list_schema(one) + R"(]},"regex":)" + one + R"(,"present":)" +
         detail::bool_schema() + "}}";
}

Shape<ValueMatch> value_match() { return {"condition", value_schema, decode_value, {}}; }

// Header names are compared without case, so two spellings of one are the same.
bool decode_headers(const Node& node, std::vector<std::pair<std::string, ValueMatch>>& out,
                    Diagnostics& d) {
  const size_t before = d.count();
  if (!map_of(value_match()).decode(node, out, d)) return false;
  size_t i = 0;
  for (const Node at : node.items()) {
    std::string& key = out[i++].first;
    if (!is_token(key)) d.error_at_key(at, in_quotes(key) + " is not a header name");
    key = lower(key);
    const auto same = [&key](const auto& other) { return other.first == key; };
    if (std::count_if(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(i), same) > 1) {
      d.error_at_key(at, "this header is here already; names are compared without case");
    }
  }
  return d.count() == before;
}

bool decode_path(const Node& node, PathMatch& out, Diagnostics& d) {
  using Kind = PathMatch::Kind;
  const Node entry = only_entry(node, {"exact", "prefix", "regex"}, d);
  if (!entry) return false;
  out.source = entry;
  out.kind = entry.key() == "exact"    ? Kind::kExact
             : entry.key() == "prefix" ? Kind::kPrefix
                                       : Kind::kRegex;
  if (!text().decode(entry, out.text, d)) return false;
  if (out.kind == Kind::kRegex) return true;
  if (!out.text.starts_with('/') && out.text != "*") {
    d.error(entry, in_quotes(out.text) + " is not a path", "paths begin with /");
    return false;
  }
  if (out.text.find_first_of("?#") != std::string::npos) {
    d.error(entry, "a path match sees the path without the query", "use query: for the rest");
    return false;
  }
  return true;
}

std::string path_schema() {
  const std::string one = detail::string_schema();
  return R"({"type":"object","minProperties":1,"maxProperties":1,"additionalProperties":false,)"
         R"("properties":{"exact":)" +
         one + R"(,"prefix":)" + one + R"(,"regex":)" + one + "}}";
}

Shape<std::string> method() {
  return where<std::string>(text(), [](const std::string& value) -> std::string {
    if (!is_token(value)) return in_quotes(value) + " is not a method";
    const bool small =
        std::any_of(value.begin(), value.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return small ? in_quotes(value) + ": methods are written in capitals" : "";
  });
}

// Left empty by a generator, the list would stand for everybody.
Shape<PatternList> principals() {
  return where<PatternList>(list_of(located(text())), [](const PatternList& list) {
    return list.empty() ? "an empty list names nobody; left out, it is everybody" : "";
  });
}

std::string fault_of_context_value(std::string_view what, std::string_view value) {
  if (valid_context_value(value)) return {};
  return in_quotes(value) + " is not a " + std::string(what) +
         ": lower-case letters, digits and -, up to four parts with dots between, at most 63 bytes";
}

}  // namespace

Shape<std::string> context_value(std::string_view what) {
  return where<std::string>(
      text(), [what](const std::string& value) { return fault_of_context_value(what, value); });
}

LabelFault fault_of_label(std::string_view key, std::string_view value) {
  if (value.empty()) return {};
  if (key == "color" && value == kBaseColor) {
    return {"base is reserved", "leave the color out: that is the base"};
  }
  if (key == "color") return {fault_of_context_value("colour", value)};
  return {key == "tenant" ? fault_of_context_value("tenant", value) : std::string()};
}

Shape<std::string> host_pattern() {
  return scalar<std::string>(
      "host", "hosts are price.shop, *.shop or *, without scheme and port",
      [] { return detail::string_schema(); },
      [](std::string_view text) -> Result<std::string> {
        const Error error{in_quotes(text) + " is not a host"};
        if (text == "*") return std::string(text);
        const std::string_view host = text.starts_with("*.") ? text.substr(2) : text;
        // The port decides nothing here; it only lets one parser judge names and addresses.
        auto address = parse_host_port(std::string(host) + ":1");
        if (!address || (text.starts_with("*.") && address->numeric)) return error;
        return lower(without_final_dot(text));
      },
      [](const std::string& value) { return value; });
}

const Table<Match>& match_table() {
  static const Table<Match> table{
      {"hosts", &Match::hosts, list_of(located(host_pattern())),
       "Any of these hosts; `*.shop` is any name below shop."},
      {"path", &Match::path,
       optional_of(Shape<PathMatch>{"condition", path_schema, decode_path, {}}),
       "The path without the query: `exact`, `prefix` (whole segments) or `regex` (whole value)."},
      {"methods", &Match::methods, list_of(method()), "Any of these methods."},
      {"headers", &Match::headers,
       Shape<std::vector<std::pair<std::string, ValueMatch>>>{
           "map of condition",
           [] { return detail::map_schema(value_schema()); },
           decode_headers,
           {}},
       "A condition a header: `exact`, `prefix`, `suffix`, `regex` or `present`."},
      {"query", &Match::query, map_of(value_match(), "key"),
       "A condition a query key, compared percent-decoded: as for headers."},
      {"color", &Match::color, optional_of(located(context_value("colour"))),
       "The request's colour; `base`: undyed."},
      {"tenant", &Match::tenant, optional_of(located(context_value("tenant"))),
       "The request's tenant."},
      {"principals", &Match::principals, principals(),
       "SPIFFE ids of the caller, inbound; `*` is one whole segment, a final `/**` any rest."},
  };
  return table;
}

Shape<Labels> labels() {
  Shape<Labels> shape = shape_of<Labels>();
  shape.type = "map of text";
  shape.decode = [inner = shape.decode](const Node& node, Labels& out, Diagnostics& d) {
    if (!inner(node, out, d)) return false;
    bool good = true;
    for (const auto& [key, value] : out) {
      LabelFault fault = fault_of_label(key, *value);
      if (fault.message.empty()) continue;
      d.error(value.node, std::move(fault.message), std::move(fault.hint));
      good = false;
    }
    return good;
  };
  return shape;
}

std::string_view label(const Labels& labels, std::string_view key) {
  for (const auto& [name, value] : labels) {
    if (name == key) return *value;
  }
  return {};
}

}  // namespace woad::config
