#include "proxy/inject/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace woad {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 16> kSuffixes = {{
    {"", 1},
    {"n", 1e-9},
    {"u", 1e-6},
    {"m", 1e-3},
    {"k", 1e3},
    {"M", 1e6},
    {"G", 1e9},
    {"T", 1e12},
    {"P", 1e15},
    {"E", 1e18},
    {"Ki", 0x1p10},
    {"Mi", 0x1p20},
    {"Gi", 0x1p30},
    {"Ti", 0x1p40},
    {"Pi", 0x1p50},
    {"Ei", 0x1p60},
}};

std::optional<double> exponent(std::string_view suffix) {
  if (suffix.size() < 2 || (suffix.front() != 'e' && suffix.front() != 'E')) return std::nullopt;
  const std::string_view digits = suffix.substr(suffix[1] == '+' || suffix[1] == '-' ? 2 : 1);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  suffix.remove_prefix(suffix[1] == '+' ? 2 : 1);
  int power = 0;
  const auto [end, error] = std::from_chars(suffix.data(), suffix.data() + suffix.size(), power);
  if (error != std::errc() || end != suffix.data() + suffix.size() || std::abs(power) > 18) {
    return std::nullopt;
  }
  return std::pow(10.0, power);
}

}  // namespace

std::optional<double> parse_quantity(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + digits, number, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + digits) return std::nullopt;
  const std::string_view suffix = text.substr(digits);
  const auto found = std::find_if(kSuffixes.begin(), kSuffixes.end(),
                                  [suffix](const auto& known) { return known.first == suffix; });
  if (found != kSuffixes.end()) return number * found->second;
  const auto factor = exponent(suffix);
  return factor ? std::optional(number * *factor) : std::nullopt;
}

bool is_object_name(std::string_view text) {
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > 253 || !is_word(text.front()) || !is_word(text.back())) {
    return false;
  }
  return text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_word(c) || c == '-' || c == '.'; });
}

}  // namespace woad
