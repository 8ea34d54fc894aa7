#include "proxy/http/byte_class.h"

#include <bit>
#include <cstring>

#include "proxy/base/word.h"

namespace woad {
namespace {

// Sixteen bytes that are compared at once.
typedef uint8_t Bytes __attribute__((vector_size(16)));

// Whether one of eight bytes is below 0x20 or 0x7f.
bool control_in(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  const uint64_t below = (word - kOnes * 0x20) & ~word;
  const uint64_t del = word ^ (kOnes * 0x7f);
  return ((below | ((del - kOnes) & ~del)) & (kOnes * 0x80)) != 0;
}

// The same of four bytes or more. The last word may look at bytes of the one before again.
bool control_in(std::string_view text) {
  if (text.size() < sizeof(uint64_t)) return control_in(load_short(text));
  const char* const last = text.data() + text.size() - sizeof(uint64_t);
  for (const char* at = text.data(); at < last; at += sizeof(uint64_t)) {
    if (control_in(load<uint64_t>(at))) return true;
  }
  return control_in(load<uint64_t>(last));
}

}  // namespace

size_t text_span(std::string_view text) {
  static_assert(std::endian::native == std::endian::little, "the first byte is the lowest");
  using Halves = std::array<uint64_t, 2>;
  size_t at = 0;
  while (at + sizeof(Bytes) <= text.size()) {
    const auto piece = load<Bytes>(text.data() + at);
    Halves found;  // all ones in the bytes below 0x20 or equal to 0x7f
    const auto control = (piece < 0x20) | (piece == 0x7f);
    std::memcpy(&found, &control, sizeof found);
    if ((found[0] | found[1]) == 0) {
      at += sizeof piece;
      continue;
    }
    const int bits = found[0] != 0 ? std::countr_zero(found[0]) : 64 + std::countr_zero(found[1]);
    at += static_cast<size_t>(bits) / 8;
    if (text[at] != '\t') return at;
    ++at;
  }
  for (; at < text.size(); ++at) {
    const auto c = static_cast<uint8_t>(text[at]);
    if ((c < 0x20 && c != '\t') || c == 0x7f) break;
  }
  return at;
}

bool is_text(std::string_view text) {
  return (text.size() >= 4 && !control_in(text)) || text_span(text) == text.size();
}

}  // namespace woad
