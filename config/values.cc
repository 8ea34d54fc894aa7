#include "config/values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "config/diagnostics.h"
#include "proxy/base/strings.h"

namespace woad::config {

namespace {

constexpr size_t kMaxHostName = 253;

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr Unit kTimeUnits[] = {
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
constexpr uint64_t kLongestHours = 8760;
constexpr Unit kSizeUnits[] = {{"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}};

template <size_t N>
bool parse_with_unit(std::string_view text, const Unit (&units)[N], uint64_t most, uint64_t& out) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_decimal(text.substr(0, digits));
  if (!number) return false;
  for (const Unit& unit : units) {
    if (text.substr(digits) != unit.name) continue;
    if (*number > most / unit.factor) return false;
    out = *number * unit.factor;
    return true;
  }
  return false;
}

template <size_t N>
std::string show_with_unit(uint64_t value, const Unit (&units)[N], std::string_view zero) {
  if (value == 0) return std::string(zero);
  for (size_t i = N; i-- > 0;) {
    if (value % units[i].factor == 0) {
      return std::to_string(value / units[i].factor) + std::string(units[i].name);
    }
  }
  return std::to_string(value);
}

// Digits with at most one dot behind the first; nothing for a sign, an exponent or anything else.
std::optional<double> parse_fraction(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  if (text.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, code] = std::from_chars(text.data(), end, value);
  return code == std::errc() && at == end ? std::optional(value) : std::nullopt;
}

bool is_ip(const std::string& host) {
  unsigned char raw[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), raw) == 1 || inet_pton(AF_INET6, host.c_str(), raw) == 1;
}

// Letters, digits, '-' and '_' in labels of at most 63 bytes; a final dot makes it absolute.
bool is_host_name(std::string_view host) {
  host = without_final_dot(host);
  if (host.empty() || host.size() > kMaxHostName) return false;
  size_t label = 0;
  for (const char c : host) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
    } else {
      if (!is_alnum(c) && c != '-' && c != '_') return false;
      if (++label > 63) return false;
    }
  }
  // "1.2.3.400" is a mistyped address, never a name: no top-level domain is a number.
  const auto last = host.substr(host.rfind('.') + 1);
  return !last.empty() && last.find_first_not_of("0123456789") != std::string_view::npos;
}

// A name, an IPv4 address, or an IPv6 address in brackets; its port is to be set.
std::optional<HostPort> parse_host(std::string_view host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  HostPort address{std::string(host), 0, is_ip(std::string(host))};
  const bool v6 = host.find(':') != std::string_view::npos;
  if (v6 != bracketed || (!address.numeric && !is_host_name(host))) return std::nullopt;
  return address;
}

std::string show_host(const std::string& host) {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? "[" + host + "]" : host;
}

}  // namespace

std::string HostPort::to_string() const {
  return host.empty() ? std::string() : show_host(host) + ":" + std::to_string(port);
}

std::string AppAddress::to_string() const {
  if (original()) return "original";
  return at.port == 0 ? show_host(at.host) : at.to_string();
}

Result<Duration> parse_duration(std::string_view text) {
  uint64_t nanoseconds = 0;
  if (parse_with_unit(text, kTimeUnits, kLongestHours * 3'600'000'000'000, nanoseconds)) {
    return Duration(static_cast<int64_t>(nanoseconds));
  }
  return Error{in_quotes(text) + " is not a duration"};
}

Result<ByteSize> parse_size(std::string_view text) {
  uint64_t bytes = 0;
  if (parse_with_unit(text, kSizeUnits, uint64_t{1} << 50, bytes)) return ByteSize{bytes};
  return Error{in_quotes(text) + " is not a size"};
}

Result<Share> parse_share(std::string_view text) {
  const bool percent = text.ends_with('%');
  const std::string_view digits = text.substr(0, text.size() - (percent ? 1 : 0));
  auto value = parse_fraction(digits);
  const bool has_unit = percent || digits.find('.') != std::string_view::npos;
  if (!value || (!has_unit && *value != 0)) return Error{in_quotes(text) + " is not a share"};
  if (percent) *value /= 100;
  if (*value > 1) return Error{in_quotes(text) + " is more than the whole"};
  return Share{*value};
}

std::string share_hint(std::string_view text) {
  const std::string_view digits = text.substr(0, text.find_last_not_of(" %") + 1);
  const auto percent = parse_fraction(digits);
  if (!percent || *percent > 100) return "shares are 20% or 0.2";
  const std::string written = "write " + std::string(digits) + "%";
  return digits == "1" ? written + ", or 100% for all" : written;
}

Result<HostPort> parse_host_port(std::string_view text) {
  const Error error{in_quotes(text) + " is not an address"};
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Error{error.message + ": the port is missing"};
  const auto port = parse_decimal(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) {
    return Error{error.message + ": the port must be 1 to 65535"};
  }
  auto address = parse_host(text.substr(0, colon));
  if (!address) return error;
  address->port = static_cast<uint16_t>(*port);
  return std::move(*address);
}

Result<AppAddress> parse_app_address(std::string_view text) {
  if (text == "original") return AppAddress{};
  const bool bare_v6 = text.find('[') == std::string_view::npos && is_ip(std::string(text));
  if (bare_v6) return AppAddress{{std::string(text), 0, true}};
  if (auto host = parse_host(text)) return AppAddress{std::move(*host)};
  auto whole = parse_host_port(text);
  if (!whole) return whole.error();
  return AppAddress{std::move(*whole)};
}

Result<bool> parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Error{in_quotes(text) + " is neither true nor false"};
}

Result<uint64_t> parse_integer(std::string_view text, uint64_t least, uint64_t most) {
  const auto value = parse_decimal(text);
  if (!value) return Error{in_quotes(text) + " is not a whole number"};
  if (*value < least || *value > most) return Error{std::string(text) + " is out of range"};
  return *value;
}

std::string show(Duration value) {
  return show_with_unit(static_cast<uint64_t>(value.count()), kTimeUnits, "0s");
}

std::string show(ByteSize value) { return show_with_unit(value.bytes, kSizeUnits, "0KiB"); }

std::string show(Share value) {
  char digits[32];
  const double percent = std::round(value.value * 1e6) / 1e4;
  const auto [end, code] = std::to_chars(digits, digits + sizeof digits, percent);
  return code == std::errc() ? std::string(digits, end) + "%" : std::string();
}

bool is_token(std::string_view text) {
  if (text.empty()) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

}  // namespace woad::config
