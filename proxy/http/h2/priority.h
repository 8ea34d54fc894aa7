// The client's wish for the order of answers: the Priority field (RFC 9218 section 4). Pure; any
// thread.
#pragma once

#include <nghttp2/nghttp2.h>

#include <optional>
#include <string_view>

namespace woad {

// Nothing when the value says something that no priority is. Unknown parameters are passed over.
std::optional<nghttp2_extpri> read_priority(std::string_view value);

}  // namespace woad
