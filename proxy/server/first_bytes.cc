#include "proxy/server/first_bytes.h"

#include "proxy/http/detect.h"
#include "proxy/net/tls/client_hello.h"

namespace woad {

FirstBytes judge_first_bytes(std::string_view first, bool any) {
  using Kind = FirstBytes::Kind;
  switch (any ? detect_among_any(first) : detect_protocol(first)) {
    case Detected::kNeedMore: return {Kind::kNeedMore};
    case Detected::kHttp1: return {Kind::kHttp1};
    case Detected::kHttp2: return {Kind::kHttp2};
    case Detected::kNeither: break;
  }
  if (!any) return {Kind::kOpaque};
  ClientHello hello = read_client_hello(first);
  switch (hello.kind) {
    case ClientHello::Kind::kNeedMore: return {Kind::kNeedMore};
    case ClientHello::Kind::kMalformed: return {Kind::kOpaque};
    case ClientHello::Kind::kRead: break;
  }
  return {Kind::kOpaque, true, std::move(hello.server_name)};
}

}  // namespace woad
