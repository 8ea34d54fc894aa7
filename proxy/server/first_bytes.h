// What is spoken on a client's connection, by its first bytes. Pure.
#pragma once

#include <string>
#include <string_view>

#include "proxy/http/detect.h"

namespace woad {

struct FirstBytes {
  Detected kind = Detected::kNeedMore;
  bool tls = false;  // kNeither: it is TLS, and asks for `server_name` ("": for nobody)
  std::string server_name{};
};

// `first` are all bytes so far, from the very first one.

// Where HTTP is expected: text that is none is taken for bad HTTP, which is told so.
FirstBytes judge_first_bytes(std::string_view first);
// Inside a CONNECT: any protocol may come.
FirstBytes judge_inside_connect(std::string_view first);
// Of a connection of the app that was redirected. A CONNECT is meant for the proxy that it called.
FirstBytes judge_redirected_outbound(std::string_view first);
// Of a redirected connection to the app: any protocol may come, but what a lenient server would
// take for HTTP is bad HTTP, so that it does not pass by the filters.
FirstBytes judge_redirected_inbound(std::string_view first);

}  // namespace woad
