#include "proxy/server/first_bytes.h"

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/net/tls/client_hello.h"

namespace woad {
namespace {

constexpr std::string_view kConnect = "CONNECT ";
constexpr std::string_view kBlanks = " \t\r\n";

FirstBytes judge_opaque(std::string_view first) {
  ClientHello hello = read_client_hello(first);
  switch (hello.kind) {
    case ClientHello::Kind::kNeedMore: return {Detected::kNeedMore};
    case ClientHello::Kind::kMalformed: return {Detected::kNeither};
    case ClientHello::Kind::kRead: break;
  }
  return {Detected::kNeither, true, std::move(hello.server_name)};
}

// Begins, in any case and behind any blanks, with a method that servers know; or its first line
// names the protocol.
bool resembles_http(std::string_view text) {
  constexpr std::string_view kMethods[] = {"get",   "head",    "post",   "put",    "patch",
                                           "trace", "options", "delete", "connect"};
  const std::string line = lower(text.substr(0, text.find_first_of("\r\n")));
  if (line.find("http/") != std::string::npos) return true;
  return std::any_of(std::begin(kMethods), std::end(kMethods), [&](std::string_view method) {
    return line.starts_with(method) &&
           (line.size() == method.size() || line[method.size()] < 'a' || line[method.size()] > 'z');
  });
}

}  // namespace

FirstBytes judge_first_bytes(std::string_view first) { return {detect_protocol(first)}; }

FirstBytes judge_inside_connect(std::string_view first) {
  const Detected kind = detect_among_any(first);
  return kind == Detected::kNeither ? judge_opaque(first) : FirstBytes{kind};
}

FirstBytes judge_redirected_outbound(std::string_view first) {
  if (first.starts_with(kConnect)) return {Detected::kNeither};
  return judge_inside_connect(first);
}

FirstBytes judge_redirected_inbound(std::string_view first) {
  FirstBytes found = judge_inside_connect(first);
  if (found.kind != Detected::kNeither || found.tls) return found;
  const size_t blanks = first.find_first_not_of(kBlanks);
  if (blanks == std::string_view::npos) return {Detected::kNeedMore};
  return resembles_http(first.substr(blanks)) ? FirstBytes{Detected::kHttp1} : found;
}

}  // namespace woad
