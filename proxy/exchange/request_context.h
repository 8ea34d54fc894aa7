// Colour and tenant of a request, from the headers that `context` names in the file.
#pragma once

#include <optional>

#include "proxy/exchange/snapshot.h"
#include "proxy/http/exchange_info.h"
#include "proxy/http/message.h"

namespace woad {

// Reads the context into `info` and leaves exactly one canonical header for each value found: lower
// case, whatever alias brought it. A value of wrong syntax is removed and counts as absent; `base`
// is no colour. Different valid values for the same thing: the answer to give (400).
std::optional<LocalReply> read_request_context(RequestHead& head, const ContextNames& names,
                                               ExchangeInfo& info);

}  // namespace woad
