// A message as the frames that carry it, for tests that give the same one to several readers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/http/h2/frames.h"

namespace woad::h2test {

struct Part {
  bool is_body = false;
  bool end = false;
  bool continued = false;  // a field section in two frames
  FieldList fields{};
  size_t bytes = 0;
  uint8_t padding = 0;
};
using Message = std::vector<Part>;

Part section(FieldList fields, bool end = false);
Part body(size_t bytes, bool end = false, uint8_t padding = 0);
FieldList joined(FieldList first, const FieldList& more);

// `fields`: the part's as HPACK writes them, of a field section.
std::string bytes_of(const Part& part, uint32_t stream, std::string_view fields);
// "[:method=GET x=1 END] (3) (0 END)", with bytes beyond printable ASCII escaped.
std::string describe(const Message& message);

// Calls visit(picked) for each sequence of `length` numbers below `symbols`.
template <class Visit>
void each_sequence(size_t symbols, size_t length, Visit&& visit) {
  std::vector<size_t> picked(length, 0);
  for (;;) {
    visit(picked);
    size_t at = 0;
    while (at < length && ++picked[at] == symbols) picked[at++] = 0;
    if (at == length) return;
  }
}

}  // namespace woad::h2test
