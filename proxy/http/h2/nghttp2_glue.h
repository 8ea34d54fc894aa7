// nghttp2's C interface bound to a session. nghttp2_session_mem_recv and mem_send are called by
// H2Session alone, never from inside a callback.
#pragma once

#include <nghttp2/nghttp2.h>

namespace woad {

class H2Session;
class H2Stream;
class PiecePool;

// A session whose callbacks go to `owner`, which deletes it, and whose memory is of `pieces`. Ends
// the process when memory is out.
nghttp2_session* new_nghttp2_session(H2Session& owner, PiecePool& pieces, bool server);

// Where nghttp2 asks for the body of `stream`, which outlives nghttp2's knowledge of it.
nghttp2_data_provider body_of(H2Stream& stream);

}  // namespace woad
