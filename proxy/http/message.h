// The version-neutral message: what a request and a response say, whichever protocol carried them.
//
// Codecs fill heads on the way in and write them on the way out; nobody between knows HTTP/1 from
// HTTP/2. Framing (content-length, transfer-encoding, connection and the fields it names, host,
// te, upgrade) never stands in `headers`: a decoder turns it into members, an encoder writes it
// anew. All views live in the arena of the head's Headers. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/http/headers.h"

namespace woad {

enum class Protocol : uint8_t { kHttp10, kHttp11, kHttp2, kTcp };

// "HTTP/1.0", "HTTP/1.1", "HTTP/2", "tcp": the words of the access log.
std::string_view to_string(Protocol protocol);

// Methods the proxy treats by name. kOther is any other token, kept as text.
enum class Method : uint8_t {
  kGet,
  kHead,
  kPost,
  kPut,
  kDelete,
  kOptions,
  kPatch,
  kTrace,
  kConnect,
  kOther
};

// Methods are case-sensitive (RFC 9110 section 9.1): `get` is kOther.
Method method_of(std::string_view name);
// The name of the method above that `name` is but for its letters' case; "" when there is none.
std::string_view method_in_capitals(std::string_view name);
// RFC 9110 section 9.2.2.
bool is_idempotent(Method method);

struct RequestHead {
  explicit RequestHead(Arena& arena) : headers(arena) {}
  // The same with a list of fields of its own, in the same arena.
  explicit RequestHead(const RequestHead&) = default;

  Protocol protocol = Protocol::kHttp11;  // as it arrived
  Method method = Method::kGet;
  std::string_view method_name;  // never empty
  std::string_view scheme;     // "http" or "https" when the client said so (absolute-form, :scheme)
  std::string_view authority;  // Host or :authority, as sent; empty only in HTTP/1.0
  std::string_view path;  // path and query, the very bytes that are forwarded; "*"; CONNECT: ""
  // Set when the body has a declared length; absent with `end` false: length unknown (chunked).
  std::optional<uint64_t> content_length;
  // The upgrade asked for (value of Upgrade), when it may be passed on; else empty. HTTP/1.1 only.
  std::string_view upgrade;
  bool expects_continue = false;  // Expect: 100-continue
  bool te_trailers = false;       // the client wants trailers (TE: trailers)
  Headers headers;

  std::string_view path_only() const { return path.substr(0, path.find('?')); }
  // What follows '?'; empty without one.
  std::string_view query() const {
    const size_t mark = path.find('?');
    return mark == std::string_view::npos ? std::string_view() : path.substr(mark + 1);
  }
};

struct ResponseHead {
  explicit ResponseHead(Arena& arena) : headers(arena) {}

  Protocol protocol = Protocol::kHttp11;
  int status = 200;  // 100 to 599
  std::optional<uint64_t> content_length;
  std::string_view upgrade;  // with status 101: the protocol switched to
  // No body follows but bytes of another protocol, both ways until both sides have ended: after a
  // 101, or once an opaque connection is there.
  bool tunnel = false;
  Headers headers;
};

// True for content-type application/grpc, application/grpc+… and application/grpc;…
bool is_grpc(const Headers& headers);

}  // namespace woad
