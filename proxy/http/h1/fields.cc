#include "proxy/http/h1/fields.h"

#include "proxy/base/strings.h"
#include "proxy/http/validate.h"

namespace woad::h1 {
namespace {

void keep(std::string_view value, std::string_view& kept, uint8_t& count) {
  kept = value;
  if (count < 2) ++count;
}

}  // namespace

std::string_view Fields::read(std::string_view lines, Side side) {
  const std::string_view why = read_field_lines(
      lines, side, [this](std::string_view name, std::string_view value) { add(name, value); });
  return why.empty() ? finish() : why;
}

void Fields::add(std::string_view name, std::string_view value) {
  const HeaderId id = header_id(name);
  switch (id) {
    case HeaderId::kHost: return keep(value, host, hosts);
    case HeaderId::kContentLength:
      return keep(value, framing.content_length, framing.content_lengths);
    case HeaderId::kTransferEncoding:
      return keep(value, framing.transfer_encoding, framing.transfer_encodings);
    case HeaderId::kUpgrade: return keep(value, upgrade, upgrades);
    case HeaderId::kConnection:
      if (connection_count_ < kMostConnections) connections_[connection_count_] = value;
      if (connection_count_ <= kMostConnections) ++connection_count_;
      return;
    case HeaderId::kKeepAlive: keep_alive = value; return;
    case HeaderId::kTe: te_trailers = te_trailers || lists_token(value, "trailers"); return;
    case HeaderId::kExpect:
      // A second one must say the same, so the odd one is what is looked at.
      if (expects == 0 || !equals_ignore_case(value, "100-continue")) expect = value;
      if (expects < 2) ++expects;
      return;
    case HeaderId::kProxyConnection:
    case HeaderId::kHttp2Settings: return;
    default: headers_.add(name, value, id); return;
  }
}

std::string_view Fields::finish() {
  if (connection_count_ == 0) return {};
  if (connection_count_ > kMostConnections) return "there are too many Connection fields";
  uint32_t others = 0;
  for (uint8_t i = 0; i < connection_count_; ++i) {
    if (!read_options(connections_[i], others)) return "Connection has too many options";
  }
  if (others == 0) return {};
  for (uint8_t i = 0; i < connection_count_; ++i) remove_named(connections_[i]);
  return {};
}

bool Fields::read_options(std::string_view list, uint32_t& others) {
  for_each_list_item(list, [&](std::string_view option) {
    if (equals_ignore_case(option, "close")) {
      close = true;
    } else if (equals_ignore_case(option, "keep-alive")) {
      stay = true;
    } else if (equals_ignore_case(option, "upgrade")) {
      wants_upgrade = true;
    } else if (!equals_ignore_case(option, "te")) {
      ++others;
    }
    return others <= kMostOptions;
  });
  return others <= kMostOptions;
}

void Fields::remove_named(std::string_view list) {
  for_each_list_item(list, [&](std::string_view option) {
    if (!is_always_end_to_end(option, header_id(option))) headers_.remove(option);
    return true;
  });
}

}  // namespace woad::h1
