#include "filters/headers/config.h"

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/http/byte_class.h"

namespace woad {
namespace {

using config::Diagnostics;
using config::Node;
using config::Shape;

// What the sidecar writes itself, or what frames the message on each connection.
bool is_reserved(const HeaderName& name) {
  return is_framing(name.id) || name.id == HeaderId::kHost || name.id == HeaderId::kTrailer ||
         name.text.starts_with("x-woad-");
}

// "" or what is wrong with it.
std::string complaint_about_name(std::string_view text) {
  if (!config::is_token(text)) return config::in_quotes(text) + " is not a header name";
  const HeaderName name(text);
  if (!is_reserved(name)) return {};
  if (name.id == HeaderId::kHost) {
    return "host decides where a request goes and cannot be changed here";
  }
  return name.text + " belongs to the sidecar and cannot be changed here";
}

// RFC 9110 section 5.5: no control characters but a tab, no space at the ends.
std::string complaint_about_value(std::string_view value) {
  if (!is_text(value)) return "a header value holds no control characters";
  if (trim(value).size() != value.size()) return "a header value has no space at its ends";
  return {};
}

bool decode_values(const Node& node, std::vector<HeaderValue>& out, Diagnostics& diagnostics) {
  const size_t before = diagnostics.count();
  if (!config::detail::want_map(node, "a map of header values", diagnostics)) return false;
  out.clear();
  for (const Node at : node.items()) {
    std::string wrong = complaint_about_name(at.key());
    const HeaderName name(at.key());
    if (wrong.empty() && std::any_of(out.begin(), out.end(), [&](const HeaderValue& other) {
          return other.name.text == name.text;
        })) {
      wrong = name.text + " stands here twice";
    }
    if (!wrong.empty()) {
      diagnostics.error_at_key(at, std::move(wrong));
      continue;
    }
    if (!config::detail::want_scalar(at, "a header value", {}, diagnostics)) continue;
    wrong = complaint_about_value(at.text());
    if (!wrong.empty()) diagnostics.error(at, std::move(wrong));
    out.push_back({name, std::string(at.text())});
  }
  return diagnostics.count() == before;
}

bool decode_names(const Node& node, std::vector<HeaderName>& out, Diagnostics& diagnostics) {
  const size_t before = diagnostics.count();
  if (!config::detail::want_seq(node, "a list of header names", diagnostics)) return false;
  out.clear();
  for (const Node at : node.items()) {
    if (!config::detail::want_scalar(at, "a header name", {}, diagnostics)) continue;
    std::string wrong = complaint_about_name(at.text());
    if (!wrong.empty()) diagnostics.error(at, std::move(wrong));
    out.emplace_back(at.text());
  }
  return diagnostics.count() == before;
}

Shape<std::vector<HeaderValue>> values() {
  return {"map of text",
          [] { return config::detail::map_schema(config::detail::string_schema()); },
          decode_values,
          {}};
}

Shape<std::vector<HeaderName>> names() {
  return {"list of header names",
          [] { return config::detail::list_schema(config::detail::string_schema()); },
          decode_names,
          {}};
}

const config::Table<HeaderEdits> kEdits{
    {"set", &HeaderEdits::set, values(), "Fields that are replaced, or added when not there."},
    {"add", &HeaderEdits::add, values(), "Fields that are added beside those of the same name."},
    {"remove", &HeaderEdits::remove, names(), "Fields that are taken out first."},
};

}  // namespace

const config::Table<HeadersSettings> kHeadersTable{
    {"request", &HeadersSettings::request, kEdits, "Changes to requests."},
    {"response", &HeadersSettings::response, kEdits, "Changes to responses."},
};

}  // namespace woad
