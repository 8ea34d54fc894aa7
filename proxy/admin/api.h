// What the admin endpoints answer, by method and path; knows nothing of connections.
//
// Used on the control loop. Changes are made by POST alone; nothing here is ever allowed to another
// origin (no CORS), and requests that a browser makes on behalf of a foreign page are refused.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "proxy/admin/backend.h"
#include "proxy/http/message.h"
#include "proxy/web/handler.h"

namespace woad {

// Which endpoints an address shows.
enum class AdminScope : uint8_t { kAll = 1, kProbes = 2, kMetrics = 4 };

class AdminApi {
 public:
  using Done = WebHandler::Done;

  // `backend` outlives the API and what it was asked.
  explicit AdminApi(AdminBackend& backend) : backend_(backend) {}

  // Calls `done` once, now or later. `request` is used during the call alone. `loopback`: the
  // address listens on this machine alone, so a Host of another name is DNS rebinding.
  void answer(const RequestHead& request, AdminScope scope, bool loopback, Done done);

 private:
  // Before the first configuration there is nothing to show of one.
  enum class Needs : uint8_t { kNothing, kConfiguration };
  struct Endpoint {
    std::string_view method;  // GET serves HEAD too
    std::string_view path;
    int scopes;
    std::string_view purpose;
    Needs needs;
    void (AdminApi::*handle)(const RequestHead& request, Done& done);
  };
  static const Endpoint kEndpoints[];

  WebResponse not_found(AdminScope scope) const;
  void index(const RequestHead& request, Done& done);
  void healthz(const RequestHead& request, Done& done);
  void readyz(const RequestHead& request, Done& done);
  void metrics(const RequestHead& request, Done& done);
  void config(const RequestHead& request, Done& done);
  void config_status(const RequestHead& request, Done& done);
  void services(const RequestHead& request, Done& done);
  void explain_request(const RequestHead& request, Done& done);
  void context(const RequestHead& request, Done& done);
  void certs(const RequestHead& request, Done& done);
  void tap(const RequestHead& request, Done& done);
  void drain(const RequestHead& request, Done& done);
  void force_breaker(const RequestHead& request, Done& done);
  void log_level(const RequestHead& request, Done& done);

  AdminBackend& backend_;
};

}  // namespace woad
