// Enumerations that the configuration and the data path each have, word for word: who converts one
// asserts that the last words agree.
#pragma once

namespace woad {

template <class To, class From>
To same_word(From from) {
  return static_cast<To>(from);
}

}  // namespace woad
