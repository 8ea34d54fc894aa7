#include "tests/newcomer/color_gate/filter.h"

#include <algorithm>

#include "proxy/base/context_value.h"

namespace woad {
namespace {

constexpr FamilyInfo kRequestsByColor{.name = "color_gate_requests_total",
                                      .help = "Requests that came to the gate, by colour.",
                                      .labels = {"color"}};

constexpr ErrorInfo kGateClosed{.code = "gate_closed",
                                .status = 423,
                                .proxy_status = "http_request_denied",
                                .grpc_status = 9,
                                .flag = "-",
                                .hint = "Ask for the gate of this colour to be opened."};

LocalReply refusal() {
  return {.code = kGateClosed, .details = "the gate is closed for this colour (color_gate.closed)"};
}

}  // namespace

ColorGateFilter::ColorGateFilter(FilterContext& context)
    : context_(context),
      wait_(context.scheduler().timers(), bind_timer<&ColorGateFilter::on_wait_over>(this)) {}

HeadVerdict ColorGateFilter::on_request_head(RequestHead&, bool) {
  const std::string_view color = context_.info().color;
  WorkerMetrics& metrics = context_.metrics();
  metrics.count(kRequestsByColor, {metrics.intern(color.empty() ? kBaseColor : color)});
  const Duration wait = context_.settings<Settings>().wait;
  if (wait > Duration(0)) {
    wait_.arm(wait);
    return HeadVerdict::wait();
  }
  return closed() ? HeadVerdict::reply(refusal()) : HeadVerdict::go();
}

bool ColorGateFilter::closed() const {
  const auto& closed = context_.settings<Settings>().closed;
  return std::find(closed.begin(), closed.end(), context_.info().color) != closed.end();
}

void ColorGateFilter::on_wait_over() {
  if (closed()) {
    context_.reply(refusal());
  } else {
    context_.resume();
  }
}

}  // namespace woad
