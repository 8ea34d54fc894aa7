// The blocks of a PEM text (RFC 7468), none passed over. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"

namespace woad {

struct PemBlock {
  std::string label;  // "CERTIFICATE"
  size_t line = 0;    // of its BEGIN, from 1
  std::string der;
  bool has_headers = false;  // in front of the data, as in keys with a passphrase (RFC 1421)
};

// Blanks around a line and any kind of line end are taken (the lax grammar of section 3); what
// stands outside of blocks is explanation (section 5.2), `#` lines are that always. All else that
// could be a block, or a part of one, is an error: "line 12: …".
Result<std::vector<PemBlock>> read_pem_blocks(std::string_view text);

}  // namespace woad
