#include "filters/fault/filter.h"

#include <string>

namespace woad {
namespace {

LocalReply abort_reply(uint32_t status) {
  return {.code = ErrorCode::kFault,
          .status = static_cast<int>(status),
          .details = "the fault filter answers " + std::to_string(status) +
                     " to a share of requests (fault.abort)"};
}

}  // namespace

FaultFilter::FaultFilter(FilterContext& context)
    : context_(context),
      delay_(context.scheduler().timers(), bind_timer<&FaultFilter::on_delay_over>(this)) {}

bool FaultFilter::draw(const config::Share& share) {
  return context_.random().unit() < share.value;
}

HeadVerdict FaultFilter::on_request_head(RequestHead&, bool) {
  const Settings& settings = context_.settings<Settings>();
  if (settings.only_dyed && context_.info().color.empty()) return Verdict::go();
  if (settings.abort && draw(settings.abort->percent)) abort_status_ = settings.abort->status;
  if (settings.delay && draw(settings.delay->percent)) {
    delay_.arm(settings.delay->time);
    return HeadVerdict::wait();
  }
  return abort_status_ == 0 ? Verdict::go() : Verdict::reply(abort_reply(abort_status_));
}

void FaultFilter::on_delay_over() {
  if (abort_status_ == 0) {
    context_.resume();
  } else {
    context_.reply(abort_reply(abort_status_));
  }
}

}  // namespace woad
