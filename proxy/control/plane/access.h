// Who may do what. Patterns are those of the documents; who comes over plaintext loopback is
// everybody. One thread, the loop's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/control/plane/plane.h"
#include "proxy/web/handler.h"

namespace woad::control {

class Access {
 public:
  explicit Access(const Plane& plane) : plane_(plane) {}

  // Files and registrations of a service.
  bool owns(const WebCaller& caller, std::string_view service) const;
  bool reads(const WebCaller& caller) const;
  bool operates(const WebCaller& caller) const;

 private:
  const Plane& plane_;
};

// For people: whose order it was.
std::string words_of(const WebCaller& caller);

}  // namespace woad::control
