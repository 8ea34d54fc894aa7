#include "proxy/http/byte_class.h"

#include <bit>
#include <cstring>

namespace woad {
namespace {

// Sixteen bytes that are compared at once.
typedef uint8_t Bytes __attribute__((vector_size(16)));

}  // namespace

size_t text_span(std::string_view text) {
  static_assert(std::endian::native == std::endian::little, "the first byte is the lowest");
  using Halves = std::array<uint64_t, 2>;
  size_t at = 0;
  while (at + sizeof(Bytes) <= text.size()) {
    Bytes piece;
    std::memcpy(&piece, text.data() + at, sizeof piece);
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

}  // namespace woad
