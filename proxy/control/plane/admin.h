// The plane's own health, readiness and metrics. One thread, the loop's.
#pragma once

#include <memory>

#include "proxy/control/plane/api.h"
#include "proxy/control/plane/plane.h"
#include "proxy/web/handler.h"

namespace woad::control {

class AdminPages final : public WebHandler {
 public:
  AdminPages(const Plane& plane, const Api& api) : plane_(plane), api_(api) {}

  std::unique_ptr<WebPending> answer(WebRequest request, Done done) override;

 private:
  WebResponse respond(const RequestHead& head) const;
  WebResponse ready() const;
  WebResponse metrics(const RequestHead& head) const;

  const Plane& plane_;
  const Api& api_;
};

}  // namespace woad::control
