// What requests to the API say, read. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/control/plane/plane.h"
#include "proxy/http/message.h"

namespace woad::control {

// The name under which a service is known, which is also asked for as <name>.<namespace>; "": there
// is none.
std::string service_named(const Plane& plane, const std::string& asked);

bool is_instance_name(std::string_view text);
inline constexpr std::string_view kInstanceName =
    "an instance's name is 1 to 253 letters, digits and - . _, and does not begin with a dot";

// Query and encodings of GET /v1/config; the service is the caller's to say.
Result<Poll> read_poll(const RequestHead& head);
// The body of POST /v1/status.
Result<MemberBook::Status> read_status(const std::string& json);
// halt, resume, rollback.
std::optional<RolloutDesk::Order> order_of(std::string_view word);

}  // namespace woad::control
