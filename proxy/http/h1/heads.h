// From the bytes of a whole HTTP/1 head to the version-neutral head, with the rules of RFC 9112 and
// proxy/http/validate.h applied. No connection, no clock: bytes in, message or refusal out.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/http/codec.h"
#include "proxy/http/h1/framing.h"
#include "proxy/http/h1/head_scan.h"
#include "proxy/http/message.h"
#include "proxy/http/validate.h"

namespace woad::h1 {

struct ReadRequest {
  RequestHead* head = nullptr;  // never null; as much of it as could be read
  BodyLength body;
  bool keep_alive = false;  // the client wants, and its version allows, another request
  std::optional<Refusal> refusal;
};

// `text` is the whole head and lives in `arena`; `scan` has found it complete.
ReadRequest read_request(std::string_view text, const HeadScan& scan, Arena& arena,
                         const HttpLimits& limits);

// The start line of a head that HeadScan refused, for the access log. `bytes` may be cut anywhere.
RequestHead& read_refused_request(std::string_view bytes, const HeadScan& scan, Arena& arena);

struct ReadResponse {
  ResponseHead* head = nullptr;
  BodyLength body;
  bool keep_alive = false;
  Duration idle_timeout{};  // Keep-Alive: timeout=N; zero when not said
  std::string_view why;     // not empty: what is wrong with it
};

struct RequestContext {
  bool to_head = false;      // the request was HEAD
  std::string_view upgrade;  // what it asked to upgrade to
};

ReadResponse read_response(std::string_view text, const HeadScan& scan, Arena& arena,
                           const RequestContext& request);

}  // namespace woad::h1
