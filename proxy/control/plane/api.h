// The API of the control plane, by method and path; config/control.md is its contract. Knows
// nothing of connections. One thread, the loop's.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/control/plane/plane.h"
#include "proxy/web/handler.h"

namespace woad::control {

class Api final : public WebHandler {
 public:
  // For its server: what no body may be over.
  static constexpr size_t kMostBody = size_t{64} * 1024;
  static constexpr Duration kLongestWait = seconds(60);
  static constexpr Duration kUsualWait = seconds(55);

  explicit Api(Plane& plane) : plane_(plane) {}

  std::unique_ptr<WebPending> answer(WebRequest request, Done done) override;

  // Answers by call and status, for metrics.
  using Counts = std::map<std::pair<std::string_view, int>, uint64_t>;
  const Counts& counts() const { return *counts_; }

 private:
  // One request on its way to its answer.
  struct Call {
    WebRequest& request;
    std::vector<std::string> path;  // behind /v1/<first>, decoded
    Done done;
  };
  using Pending = std::unique_ptr<WebPending>;
  struct Route {
    std::string_view method;
    std::string_view first;
    size_t segments;  // behind the first
    Pending (Api::*handle)(Call& call);
  };
  static const Route kRoutes[];

  Pending dispatch(WebRequest& request, Done done);
  Pending config(Call& call);
  Pending status(Call& call);
  Pending put_instance(Call& call);
  Pending remove_instance(Call& call);
  Pending order(Call& call);
  Pending instances(Call& call);
  template <std::string (*page)(const Plane&)>
  Pending show_page(Call& call);

  // The service that is meant; "": refused.
  std::string known_service(Call& call);
  // The same when it is the caller's own.
  std::string own_service(Call& call);
  // Refused unless the caller may read.
  bool may_read(Call& call);
  static Pending end(Call& call, WebResponse response);

  Plane& plane_;
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace woad::control
