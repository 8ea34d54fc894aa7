#include "proxy/exchange/local_answer.h"

#include "proxy/base/strings.h"

namespace woad {
namespace {

// The text of an sf-string (RFC 8941 section 3.3.3): printable ASCII with quotes and backslashes
// escaped.
std::string sf_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c >= 0x20 && c < 0x7f ? c : '?');
  }
  return out + "\"";
}

// grpc-message is percent-encoded (gRPC over HTTP2, "Responses").
std::string grpc_message(std::string_view text) {
  return percent_encoded(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '%'; });
}

int grpc_status(const LocalReply& reply) {
  const bool by_status = reply.code == ErrorCode::kFault || reply.code == ErrorCode::kNone;
  return by_status ? grpc_status_of_http(reply.effective_status())
                   : error_info(reply.code).grpc_status;
}

}  // namespace

Buffer make_local_answer(const LocalReply& reply, bool grpc, std::string_view request_id,
                         BlockPool& blocks, ResponseHead& head) {
  const ErrorInfo& error = error_info(reply.code);
  Headers& headers = head.headers;
  Arena& arena = headers.arena();
  const int status = reply.effective_status();
  const bool configured = reply.code == ErrorCode::kNone;
  const bool grpc_error = grpc && status >= 400;
  head.status = grpc_error ? 200 : status;

  if (!configured) {
    headers.add("x-woad-error", error.code);
    const std::string_view word =
        reply.proxy_status.empty() ? error.proxy_status : reply.proxy_status;
    headers.add("proxy-status", arena.copy("woad; error=" + std::string(word) +
                                           "; details=" + sf_string(reply.details)));
  }
  if (!request_id.empty()) headers.add("x-request-id", request_id);
  if (reply.retry_after_seconds > 0) {
    headers.add("retry-after", arena.copy(std::to_string(reply.retry_after_seconds)));
  }
  if (!reply.location.empty()) headers.add("location", arena.copy(reply.location));
  // RFC 9110 section 15.5.6. Any token passes on but CONNECT; these are the ones with a meaning for
  // everybody.
  if (status == 405) headers.add("allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH, TRACE");

  Buffer body;
  if (grpc_error) {
    headers.add("content-type", "application/grpc");
    headers.add("grpc-status", arena.copy(std::to_string(grpc_status(reply))));
    headers.add("grpc-message", arena.copy(grpc_message(configured ? reply.body : reply.details)));
    return body;
  }
  if (configured) {
    body.append(blocks, reply.body);
  } else {
    body.append(blocks, std::string(error.code) + ": " + reply.details + ". " +
                            std::string(error.hint) + "\n");
  }
  if (!body.empty()) headers.add("content-type", "text/plain; charset=utf-8");
  head.content_length = body.size();
  return body;
}

}  // namespace woad
