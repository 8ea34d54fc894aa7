// The part of an explanation that says where colour and tenant come from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/filter/filter.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

// Reads the context of an outbound `head` and runs those filters of the chain on it that change
// what routes match on, as an exchange would; `info` and `head` are changed as there, `steps` gets
// the sentences. The refusal, if there is one.
std::optional<LocalReply> explain_context(const Snapshot& snapshot, FilterHost& host,
                                          const FilterServices& services, RequestHead& head,
                                          ExchangeInfo& info, std::vector<std::string>& steps);

}  // namespace woad
