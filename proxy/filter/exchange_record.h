// From what is known about an exchange to its line: for the access log and for taps.
#pragma once

#include "proxy/base/arena.h"
#include "proxy/http/exchange_info.h"
#include "proxy/observe/access_record.h"

namespace woad {

// Without the query, which may hold secrets, and without a user and password that came in front of
// the host. Views of `info`, of static storage and of `arena`.
AccessRecord access_record_of(const ExchangeInfo& info, Arena& arena);

// What may be shown of a request's target: its path without query, fragment and whatever stands in
// front of an '@' where it is no path; and of its authority without user and password.
std::string_view shown_path(const RequestHead& head, Arena& arena);
std::string_view shown_authority(const RequestHead& head, Arena& arena);

// Something went wrong: such a request always gets its line.
bool is_error(const ExchangeInfo& info);

}  // namespace woad
