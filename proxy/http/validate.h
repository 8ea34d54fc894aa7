// The rules that every message must keep, whichever protocol carried it.
//
// A codec parses, fills a head and asks here before it shows the head to anyone, so that a request
// refused in HTTP/1 is refused in HTTP/2 for the same reason. Pure functions; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/http/codec.h"
#include "proxy/http/message.h"
#include "proxy/http/outcome.h"

namespace woad {

// No method in use has more than half as many bytes; also a limit of config/reference.md.
inline constexpr size_t kLongestMethod = 32;
inline constexpr std::string_view kMethodTooLong = "the method is longer than 32 bytes";

// Why a request is not fit to be forwarded: what to answer, and what to count it as.
struct Refusal {
  Hostile kind;
  LocalReply reply;  // close is set
};

// A refusal with `status` and the sentence `why`.
Refusal refuse(Hostile kind, ErrorCode code, int status, std::string_view why);

// Brings a request head into the form of message.h, or says why it is refused.
//
// The codec has filled in protocol, method, method_name and, as far as the client sent them,
// scheme, authority and path; `headers` holds every other field. Taken out of `headers` here: host
// (it becomes the authority, or must agree with it in HTTP/2), content-length, expect, te. An
// HTTP/1 codec that takes these itself sets the members and adds none of them. What it has found of
// `connection` and its kin is the codec's own to take out.
//
// On refusal the head holds whatever was readable, for the access log.
std::optional<Refusal> validate_request(RequestHead& head, const HttpLimits& limits);

// The same for a response head (interim heads too): takes out content-length and the connection's
// own fields (connection, keep-alive, proxy-connection, te, upgrade, host, http2-settings). Returns
// "" or a sentence without a final dot that says what is wrong. `status` is checked by value.
std::string_view validate_response(ResponseHead& head);

// One value of Expect (RFC 9110 section 10.1.1): sets expects_continue or refuses with 417.
std::optional<Refusal> take_expect(std::string_view value, RequestHead& head);

// Fields that a trailer section must not carry, because they frame, route, authorize or describe
// the message (RFC 9110 section 6.5.1), or are ours. They are dropped, never merged.
bool forbidden_in_trailers(std::string_view name, HeaderId id);

// Fields that no `Connection` option may take off a message: framing, authorization, and all that
// the mesh routes and traces by.
bool is_always_end_to_end(std::string_view name, HeaderId id);

}  // namespace woad
