// The authority of a request: a host with an optional port, as in Host and :authority (RFC 9110
// section 7.2). Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace woad {

// Views into the text that was split.
struct Authority {
  std::string_view host;  // as written: an IPv6 address in its brackets
  std::string_view port;  // "": none
};

// What is no authority is split somewhere: judge it first where that matters.
Authority split_authority(std::string_view text);

// The port that an authority means; without one that of the scheme (RFC 9110 section 4.2), as which
// any but https counts as http. Zero: what stands there is no port.
uint16_t port_of(std::string_view authority, std::string_view scheme);

// Stricter than the grammar: letters, digits and -._~ in names, or a bracketed IPv6 address. No
// label of a name is empty but that of the root, behind a final dot.
bool is_valid_authority(std::string_view text);

// Whether both mean one host and have the same port: without case and final dot.
bool same_authority(std::string_view a, std::string_view b);

}  // namespace woad
