#include "filters/timeout/filter.h"

#include <algorithm>
#include <string>

#include "filters/timeout/grpc_timeout.h"
#include "proxy/base/strings.h"

namespace woad {
namespace {

constexpr std::string_view kTimeoutMs = "x-woad-timeout-ms";
constexpr std::string_view kGrpcTimeout = "grpc-timeout";

bool is_timeout_ms(const Header& field) {
  return field.id == HeaderId::kOther && equals_ignore_case(field.name, kTimeoutMs);
}

// The file's way of writing a limit, but any value.
std::string no_answer_within(Duration limit) {
  if (limit == Duration(0)) return "no time was left";
  const std::string shown = limit < milliseconds(1)
                                ? std::to_string(limit.count()) + "ns"
                                : config::show(Duration(std::chrono::floor<milliseconds>(limit)));
  return "no answer within " + shown;
}

}  // namespace

TimeoutFilter::TimeoutFilter(FilterContext& context)
    : context_(context),
      timer_(context.scheduler().timers(), bind_timer<&TimeoutFilter::on_timer>(this)) {}

void TimeoutFilter::shorten(Duration limit, LimitBy by) {
  if (limit >= limit_) return;
  limit_ = limit;
  limit_by_ = by;
}

void TimeoutFilter::read_limits(const RequestHead& head) {
  if (context_.info().grpc) {
    if (const Header* field = head.headers.find(HeaderId::kGrpcTimeout)) {
      if (const auto limit = parse_grpc_timeout(field->value)) {
        shorten(*limit, LimitBy::kGrpcTimeout);
      }
    }
  } else if (settings_->request > Duration(0)) {
    shorten(settings_->request, LimitBy::kSetting);
  }
  for (const Header& field : head.headers) {
    if (!is_timeout_ms(field)) continue;
    came_with_ms_ = true;
    constexpr auto kMost = static_cast<uint64_t>(TimerWheel::kLongest / milliseconds(1));
    if (const auto value = parse_decimal(field.value)) {
      shorten(milliseconds(std::min(*value, kMost)), LimitBy::kTimeoutMs);
    }
  }
}

HeadVerdict TimeoutFilter::on_request_head(RequestHead& head, bool end) {
  settings_ = &context_.settings<Settings>();
  read_limits(head);
  const MonoTime now = context_.scheduler().now();
  const MonoTime caller = context_.info().deadline;
  if (caller != MonoTime::max()) shorten(caller - now, LimitBy::kCaller);
  last_activity_ = now;
  phase_ = end ? Phase::kWaiting : Phase::kReceiving;
  if (limit_by_ != LimitBy::kNobody) {
    if (limit_ <= Duration(0)) return Verdict::reply(too_slow());
    deadline_ = now + limit_;
    context_.publish().deadline = deadline_;
  }
  arm();
  return Verdict::go();
}

Verdict TimeoutFilter::on_request_data(Buffer&, bool end) {
  last_activity_ = context_.scheduler().now();
  if (end && phase_ == Phase::kReceiving) phase_ = Phase::kWaiting;
  return Verdict::go();
}

Verdict TimeoutFilter::on_request_trailers(Headers&) {
  if (phase_ == Phase::kReceiving) phase_ = Phase::kWaiting;
  return Verdict::go();
}

HeadVerdict TimeoutFilter::on_attempt(AttemptPlan& plan, RequestHead& head) {
  plan.per_try = settings_->per_try;
  if (limit_by_ == LimitBy::kNobody) return Verdict::go();
  const Duration left = deadline_ - context_.scheduler().now();
  if (left <= Duration(0)) return Verdict::reply(too_slow());
  if (came_with_ms_) head.headers.remove_if(is_timeout_ms);
  if (context_.info().grpc) {
    pass_grpc_timeout(head.headers, left);
  } else {
    pass_timeout_ms(plan.service, head.headers, left);
  }
  return Verdict::go();
}

void TimeoutFilter::pass_grpc_timeout(Headers& headers, Duration left) {
  const std::string_view value = write_grpc_timeout(left, context_.arena());
  bool found = false;
  for (Header& field : headers) {
    if (field.id != HeaderId::kGrpcTimeout) continue;
    field.value = value;
    found = true;
  }
  if (!found) headers.add(kGrpcTimeout, value, HeaderId::kGrpcTimeout);
}

void TimeoutFilter::pass_timeout_ms(const Service& service, Headers& headers, Duration left) {
  if (service.external) return;
  auto* digits = static_cast<char*>(context_.arena().allocate(20, 1));
  const auto count = static_cast<uint64_t>(std::max<int64_t>(left / milliseconds(1), 1));
  headers.add(kTimeoutMs, {digits, write_decimal(digits, count)}, HeaderId::kOther);
}

HeadVerdict TimeoutFilter::on_response_head(ResponseHead& head, bool) {
  phase_ = Phase::kResponding;
  last_activity_ = context_.scheduler().now();
  if (settings_ == nullptr || head.tunnel) {
    timer_.disarm();
  } else if (settings_->idle > Duration(0) && next_due() < armed_for_) {
    arm();
  }
  return Verdict::go();
}

Verdict TimeoutFilter::on_response_data(Buffer&, bool) {
  last_activity_ = context_.scheduler().now();
  return Verdict::go();
}

MonoTime TimeoutFilter::next_due() const {
  MonoTime due = phase_ == Phase::kResponding ? MonoTime::max() : deadline_;
  if (phase_ != Phase::kWaiting && settings_->idle > Duration(0)) {
    due = std::min(due, last_activity_ + settings_->idle);
  }
  return due;
}

void TimeoutFilter::arm() {
  armed_for_ = next_due();
  if (armed_for_ != MonoTime::max()) timer_.arm(armed_for_ - context_.scheduler().now());
}

void TimeoutFilter::on_timer() {
  const MonoTime now = context_.scheduler().now();
  if (now < next_due()) {
    arm();
  } else if (phase_ != Phase::kResponding && now >= deadline_) {
    context_.reply(too_slow());
  } else {
    context_.reply(stood_still());
  }
}

LocalReply TimeoutFilter::too_slow() const {
  constexpr std::string_view kWho[] = {"", "timeout.request", "grpc-timeout of the call",
                                       "x-woad-timeout-ms of the request",
                                       "the inbound request that it serves"};
  return {.code = ErrorCode::kTimeout,
          .details = no_answer_within(limit_) + " (" +
                     std::string(kWho[static_cast<size_t>(limit_by_)]) + ")"};
}

LocalReply TimeoutFilter::stood_still() const {
  const std::string limit = config::show(settings_->idle) + " (timeout.idle)";
  if (phase_ == Phase::kResponding) {
    return {.code = ErrorCode::kTimeout, .details = "the exchange stood still for " + limit};
  }
  return {.code = ErrorCode::kBadRequest,
          .status = 408,
          .details = "the request's body stood still for " + limit,
          .close = true};
}

}  // namespace woad
