// Turns a LocalReply into the response a client gets: status, x-woad-error, Proxy-Status, a
// sentence with the cause and what to try; for gRPC a trailers-only answer.
#pragma once

#include "proxy/base/buffer.h"
#include "proxy/http/message.h"
#include "proxy/http/outcome.h"

namespace woad {

// Fills `head` (empty before) and returns the body, which is empty for gRPC. `request_id`: echoed
// when not empty. Views point into the head's arena or at `reply`'s strings, copied.
Buffer make_local_answer(const LocalReply& reply, bool grpc, std::string_view request_id,
                         BlockPool& blocks, ResponseHead& head);

}  // namespace woad
