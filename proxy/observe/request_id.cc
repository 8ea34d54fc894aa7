#include "proxy/observe/request_id.h"

#include <algorithm>

#include "proxy/observe/trace_id.h"

namespace woad {

bool valid_request_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestId &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string_view make_request_id(Random& random, Arena& arena) {
  constexpr size_t kLength = 36;
  const uint64_t high = (random.next() & ~uint64_t{0xf000}) | 0x4000;               // version 4
  const uint64_t low = (random.next() & ~(uint64_t{3} << 62)) | uint64_t{2} << 62;  // variant 10
  auto* const text = static_cast<char*>(arena.allocate(kLength, 1));
  char* at = write_lower_hex(text, high >> 32, 8);
  *at++ = '-';
  at = write_lower_hex(at, high >> 16, 4);
  *at++ = '-';
  at = write_lower_hex(at, high, 4);
  *at++ = '-';
  at = write_lower_hex(at, low >> 48, 4);
  *at++ = '-';
  write_lower_hex(at, low, 12);
  return {text, kLength};
}

}  // namespace woad
