#include "filters/_template/filter.h"

namespace woad {

HeadVerdict TemplateFilter::on_request_head(RequestHead& head, bool) {
  const Settings& settings = context_.settings<Settings>();
  if (settings.enabled && head.path.empty()) {
    return Verdict::reply({.code = ErrorCode::kBadRequest, .details = "the request has no path"});
  }
  return Verdict::go();
}

}  // namespace woad
