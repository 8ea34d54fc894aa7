// Where each service of a file stands in its text, so that a reload reads those alone that changed.
//
// Found by indentation, without parsing: a claim that counts only once the parser has seen the keys
// at the same places.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "config/document.h"

namespace woad::config {

// The lines of one service: its key's, and all to the next key.
struct ServiceText {
  std::string_view text;
  uint64_t hash = 0;  // xxh3-64
  uint32_t line = 0;  // of the key, from 1
  Document::Weight weight{};
};

// A text in three parts: up to the first service, the services, and from the next key of the root.
struct SplitText {
  std::string_view head;
  std::vector<ServiceText> services;  // at least one
  std::string_view tail;              // may be empty
  uint32_t services_line = 0;         // of `services:`
  uint32_t tail_line = 0;
  uint32_t column = 0;  // of the services' keys, from 1
};

// Nothing: the services are written in another way than one below the other, by indentation.
std::optional<SplitText> split_services(std::string_view yaml);

// Whether the tree that the parser made of the text has its keys where `split` says. The lines of
// a service then are one entry of the map whatever stands before and behind it, if that is a
// service, too.
bool confirms(const Document& document, const SplitText& split);

}  // namespace woad::config
