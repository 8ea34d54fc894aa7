// Texts as words, to look at several bytes at once. Pure; any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace woad {

template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// All of a text of less than eight bytes; of four and more every byte of the word is one of it.
inline uint64_t load_short(std::string_view text) {
  const size_t size = text.size();
  if (size >= 4) {
    return load<uint32_t>(text.data()) |
           static_cast<uint64_t>(load<uint32_t>(text.data() + size - 4)) << 32;
  }
  uint64_t word = 0;
  for (const char c : text) word = word << 8 | static_cast<uint8_t>(c);
  return word;
}

}  // namespace woad
