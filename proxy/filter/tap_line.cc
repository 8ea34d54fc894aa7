#include "proxy/filter/tap_line.h"

#include <algorithm>
#include <span>

#include "proxy/base/strings.h"
#include "proxy/observe/json_text.h"
#include "proxy/observe/redact.h"

namespace woad {
namespace {

using Fields = std::span<const Header>;

bool same_name(const Header& a, const Header& b) { return equals_ignore_case(a.name, b.name); }

void append_value(std::string& out, const Header& field, bool secret) {
  if (secret) {
    append_json_string(out, kRedacted, kMaxTappedValue);
  } else {
    append_json_string(out, redact_query(field.value), kMaxTappedValue);
  }
}

// Every field of the name of `fields[first]`, which is the first one that has it.
void append_name(std::string& out, Fields fields, size_t first) {
  const Header& field = fields[first];
  const Fields behind = fields.subspan(first + 1);
  const auto same = [&](const Header& other) { return same_name(field, other); };
  const bool list = std::any_of(behind.begin(), behind.end(), same);
  const bool secret = is_secret_name(field.name);
  append_json_string(out, lower(field.name), field.name.size());
  out += list ? ":[" : ":";
  append_value(out, field, secret);
  for (const Header& other : behind) {
    if (!same(other)) continue;
    out += ',';
    append_value(out, other, secret);
  }
  if (list) out += ']';
}

void append_headers(std::string& out, Fields fields) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto before = fields.first(i);
    const bool shown = std::any_of(before.begin(), before.end(), [&](const Header& other) {
      return same_name(fields[i], other);
    });
    if (shown) continue;
    if (i > 0) out += ',';
    append_name(out, fields, i);
  }
}

}  // namespace

void append_tap_line(std::string& out, const AccessRecord& record, const Headers& headers) {
  out += '{';
  append_json_members(out, record);
  out += ",\"request_headers\":{";
  append_headers(out, Fields(headers.begin(), std::min(headers.size(), kMaxTappedHeaders)));
  out += "}}\n";
}

}  // namespace woad
