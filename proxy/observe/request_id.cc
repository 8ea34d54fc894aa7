#include "proxy/observe/request_id.h"

#include <algorithm>

#include "proxy/observe/uuid.h"

namespace woad {

bool valid_request_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestId &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string_view make_request_id(Random& random, Arena& arena) {
  const uint64_t high = (random.next() & ~uint64_t{0xf000}) | 0x4000;               // version 4
  const uint64_t low = (random.next() & ~(uint64_t{3} << 62)) | uint64_t{2} << 62;  // variant 10
  return show(Uuid{high, low}, arena);
}

}  // namespace woad
