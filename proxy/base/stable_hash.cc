#include "proxy/base/stable_hash.h"

#include <xxhash.h>

namespace woad {

uint64_t stable_hash(std::string_view text, uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

}  // namespace woad
