// What answers the requests of a WebServer.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "proxy/http/message.h"

namespace woad {

struct WebResponse {
  int status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";  // static storage
  std::string body{};
  std::string_view allow{};  // with 405; static storage
};

// Called on the loop of its server, which it outlives.
class WebHandler {
 public:
  using Done = std::function<void(WebResponse)>;

  // Calls `done` once, now or later. `head` is used during the call alone.
  virtual void answer(const RequestHead& head, std::string body, Done done) = 0;

 protected:
  ~WebHandler() = default;
};

}  // namespace woad
