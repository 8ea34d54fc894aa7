#include "config/shape.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/base/strings.h"

namespace woad::config {

namespace {

using Json = nlohmann::ordered_json;

// Any scalar may be written as ${VAR}.
Json or_variable(Json schema) {
  return {{"anyOf", Json::array({std::move(schema), {{"$ref", "#/$defs/variable"}}})}};
}

bool want(bool good, const Node& node, std::string_view what, const std::string& hint,
          Diagnostics& diagnostics) {
  if (good) return true;
  if (node.is_broken()) return false;
  diagnostics.error(
      node, "expected " + std::string(what) + ", got " + std::string(node.kind_name()), hint);
  return false;
}

constexpr std::string_view kDurationHint = "durations are 250ms, 5s, 1m, 1h";
constexpr std::string_view kDurationPattern = "^[0-9]+(ms|s|m|h)$";

}  // namespace

namespace detail {

bool want_scalar(const Node& node, std::string_view what, const std::string& hint,
                 Diagnostics& diagnostics) {
  return want(node.is_scalar(), node, what, hint, diagnostics);
}

bool want_map(const Node& node, std::string_view what, Diagnostics& diagnostics) {
  return want(node.is_map() || node.is_null(), node, what, {}, diagnostics);
}

bool want_seq(const Node& node, std::string_view what, Diagnostics& diagnostics) {
  return want(node.is_seq() || node.is_null(), node, what, {}, diagnostics);
}

bool bad_word(const Node& node, const std::vector<std::string_view>& words, Diagnostics& d) {
  std::string list;
  for (const auto word : words) list += (list.empty() ? "" : ", ") + std::string(word);
  std::string hint = did_you_mean(node.text(), words);
  // What a YAML 1.1 tool, such as Helm, makes of a plain off.
  if (node.text() == "false" && std::find(words.begin(), words.end(), "off") != words.end())
    hint = "write \"off\"";
  const std::string message = in_quotes(node.text()) + " is not one of " + list;
  d.error(node, words.size() == 1 ? in_quotes(node.text()) + " is not " + list : message,
          std::move(hint));
  return false;
}

std::string pattern_schema(std::string_view pattern, std::string_view example) {
  return json_line(or_variable(
      {{"type", "string"}, {"pattern", pattern}, {"examples", Json::array({example})}}));
}

std::string integer_schema(uint64_t least, uint64_t most) {
  return json_line(or_variable({{"type", "integer"}, {"minimum", least}, {"maximum", most}}));
}

std::string words_schema(const std::vector<std::string_view>& words) {
  return json_line(or_variable({{"enum", words}}));
}

std::string bool_schema() { return json_line(or_variable({{"type", "boolean"}})); }

std::string string_schema() { return json_line(Json{{"type", {"string", "number", "boolean"}}}); }

std::string list_schema(const std::string& item) {
  return json_line(Json{{"type", {"array", "null"}}, {"items", parse_ordered_json(item)}});
}

std::string map_schema(const std::string& value) {
  return json_line(
      Json{{"type", {"object", "null"}}, {"additionalProperties", parse_ordered_json(value)}});
}

}  // namespace detail

Shape<bool> boolean() {
  return scalar<bool>("true, false", "write true or false", detail::bool_schema, parse_bool,
                      [](const bool& value) { return value ? "true" : "false"; });
}

Shape<std::string> text() {
  return scalar<std::string>(
      "text", {}, detail::string_schema,
      [](std::string_view text) -> Result<std::string> { return std::string(text); },
      [](const std::string& value) { return value; });
}

Shape<std::string> name() {
  return where<std::string>(
      text(), [](const std::string& value) { return value.empty() ? "must not be empty" : ""; });
}

Shape<Duration> duration(Duration least) {
  return scalar<Duration>(
      "duration", std::string(kDurationHint),
      [] { return detail::pattern_schema(kDurationPattern, "5s"); },
      [least](std::string_view text) -> Result<Duration> {
        auto value = parse_duration(text);
        if (value && *value < least) {
          return Error{std::string(text) + " is too short: the least is " + show(least)};
        }
        return value;
      },
      [](const Duration& value) { return woad::config::show(value); });
}

Shape<Duration> duration_or_off() {
  return scalar<Duration>(
      "duration or off", std::string(kDurationHint) + ", or off",
      [] { return detail::pattern_schema("^([0-9]+(ms|s|m|h)|off)$", "5s"); },
      [](std::string_view text) -> Result<Duration> {
        if (text == "off") return Duration(0);
        auto value = parse_duration(text);
        if (value && *value == Duration(0)) return Error{"0 is no limit to keep: write off"};
        return value;
      },
      [](const Duration& value) {
        return value == Duration(0) ? std::string("off") : woad::config::show(value);
      });
}

Shape<ByteSize> size(ByteSize least, ByteSize most) {
  return scalar<ByteSize>(
      "size", "sizes are 64KiB, 1MiB, 1GiB",
      [] { return detail::pattern_schema("^[0-9]+(KiB|MiB|GiB)$", "64KiB"); },
      [least, most](std::string_view text) -> Result<ByteSize> {
        auto value = parse_size(text);
        if (value && (value->bytes < least.bytes || value->bytes > most.bytes)) {
          return Error{std::string(text) + " is out of range: from " + show(least) + " to " +
                       show(most)};
        }
        return value;
      },
      [](const ByteSize& value) { return woad::config::show(value); });
}

Shape<Share> share() {
  Shape<Share> shape = scalar<Share>(
      "share", {},
      [] {
        const Json percent{{"type", "string"}, {"pattern", "^[0-9]+(\\.[0-9]+)?%$"}};
        const Json number{{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
        return json_line(or_variable({{"anyOf", Json::array({percent, number})}}));
      },
      parse_share, [](const Share& value) { return woad::config::show(value); });
  shape.decode = [type = shape.type](const Node& node, Share& out, Diagnostics& d) {
    if (!detail::want_scalar(node, type, share_hint({}), d)) return false;
    const auto value = parse_share(node.text());
    if (!value) {
      d.error(node, value.error().message, share_hint(node.text()));
      return false;
    }
    out = *value;
    return true;
  };
  return shape;
}

Shape<std::string> file() {
  Shape<std::string> shape = name();
  shape.type = "file";
  shape.decode = [inner = shape.decode](const Node& node, std::string& out, Diagnostics& d) {
    if (!inner(node, out, d)) return false;
    const std::filesystem::path path(out);
    if (path.is_relative()) out = (std::filesystem::path(d.file()).parent_path() / path).string();
    return true;
  };
  return shape;
}

Shape<HostPort> host_port() {
  return scalar<HostPort>(
      "address", "addresses are 127.0.0.1:8080, [::1]:8080 or name:8080",
      [] { return detail::pattern_schema("^.+:[0-9]+$", "127.0.0.1:8080"); }, parse_host_port,
      [](const HostPort& value) { return value.to_string(); });
}

Shape<AppAddress> app_address() {
  return scalar<AppAddress>(
      "address", "addresses are 127.0.0.1:8080, [::1]:8080 or name:8080",
      [] { return detail::pattern_schema("^.+$", "127.0.0.1:8080"); }, parse_app_address,
      [](const AppAddress& value) { return value.to_string(); });
}

Shape<HostPort> ip_port() {
  return scalar<HostPort>(
      "IP address", "addresses to listen on are 127.0.0.1:8080 or [::1]:8080",
      [] { return detail::pattern_schema("^.+:[0-9]+$", "127.0.0.1:8080"); },
      [](std::string_view text) -> Result<HostPort> {
        auto value = parse_host_port(text);
        if (value && !value->numeric)
          return Error{in_quotes(text) + " is a name, not an IP address"};
        return value;
      },
      [](const HostPort& value) { return value.to_string(); });
}

Shape<std::string> header_name() {
  return scalar<std::string>(
      "header name", {},
      [] { return detail::pattern_schema("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", "x-user-id"); },
      [](std::string_view text) -> Result<std::string> {
        if (!is_token(text)) return Error{in_quotes(text) + " is not a header name"};
        return lower(text);
      },
      [](const std::string& value) { return value; });
}

}  // namespace woad::config
