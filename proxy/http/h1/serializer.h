// Writes HTTP/1.1 heads, chunks and trailers from the version-neutral message. Nothing of the bytes
// that came in is passed on as it was: start line and framing are always written anew.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/base/buffer.h"
#include "proxy/http/message.h"

namespace woad::h1 {

// The framing and connection fields that a head gets beside its own.
struct HeadExtras {
  std::optional<uint64_t> content_length;
  bool chunked = false;
  std::string_view connection;  // the whole value; "": none
  std::string_view upgrade;     // "": none
  bool te_trailers = false;
  bool expect_continue = false;
};

// Pieces up to this size are copied next to what stands before them, so that they leave in the same
// iovec; larger ones are passed on as slices.
inline constexpr size_t kCopyBelow = 512;

void write_request_head(Buffer& out, BlockPool& blocks, const RequestHead& head,
                        const HeadExtras& extras);
void write_response_head(Buffer& out, BlockPool& blocks, const ResponseHead& head,
                         const HeadExtras& extras);

void write_content(Buffer& out, BlockPool& blocks, Buffer&& data);
// One chunk; nothing for no data, since an empty chunk would end the body.
void write_chunk(Buffer& out, BlockPool& blocks, Buffer&& data);
void write_last_chunk(Buffer& out, BlockPool& blocks);
void write_last_chunk(Buffer& out, BlockPool& blocks, const Headers& trailers);

// Our own words for a status; "" for one without a name (RFC 9112 section 4 allows none).
std::string_view reason_phrase(int status);

}  // namespace woad::h1
