#include "proxy/control/plane/admin.h"

#include <utility>

#include "proxy/control/plane/answers.h"
#include "proxy/control/plane/metrics.h"
#include "proxy/http/accept.h"

namespace woad::control {

std::unique_ptr<WebPending> AdminPages::answer(WebRequest request, Done done) {
  done(respond(request.head));
  return nullptr;
}

WebResponse AdminPages::respond(const RequestHead& head) const {
  const std::string_view path = head.path_only();
  if (path != "/healthz" && path != "/readyz" && path != "/metrics") {
    return not_known("there are /healthz, /readyz and /metrics");
  }
  if (head.method != Method::kGet && head.method != Method::kHead) {
    WebResponse response = refuse(405, "bad_request", "this path takes GET, HEAD");
    response.headers.emplace_back("allow", "GET, HEAD");
    return response;
  }
  if (path == "/readyz") return ready();
  if (path == "/metrics") return metrics(head);
  return {.body = "ok\n"};
}

WebResponse AdminPages::ready() const {
  std::string why = plane_.not_ready();
  if (plane_.files().draining()) why = "draining";
  if (!why.empty()) return {.status = 503, .body = "not ready: " + why + "\n"};
  std::string text = "ready\n";
  for (const std::string& line : plane_.warnings()) text += line + "\n";
  return {.body = std::move(text)};
}

WebResponse AdminPages::metrics(const RequestHead& head) const {
  const Exposition form =
      accepts(head.headers, kOpenMetricsType) ? Exposition::kOpenMetrics : Exposition::kPrometheus;
  return {.content_type = content_type(form),
          .body = render_metrics({}, plane_metrics(plane_, api_.counts()), form)};
}

}  // namespace woad::control
