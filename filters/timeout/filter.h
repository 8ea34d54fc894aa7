// Limits in time: the wait for the response, each try, bodies that stand still. Carries what is
// left of the deadline on.
#pragma once

#include "filters/timeout/config.h"
#include "proxy/filter/filter.h"

namespace woad {

// One an exchange, on the worker's thread. One timer serves all limits: it is armed for the next
// that could be over, and what moves a limit later only notes the time.
class TimeoutFilter final : public HttpFilter {
 public:
  using Settings = TimeoutSettings;
  static constexpr const config::Table<Settings>& kTable = kTimeoutTable;

  explicit TimeoutFilter(FilterContext& context);

  HeadVerdict on_request_head(RequestHead& head, bool end) override;
  Verdict on_request_data(Buffer& data, bool end) override;
  Verdict on_request_trailers(Headers& trailers) override;
  HeadVerdict on_attempt(AttemptPlan& plan, RequestHead& head) override;
  HeadVerdict on_response_head(ResponseHead& head, bool end) override;
  Verdict on_response_data(Buffer& data, bool end) override;

 private:
  // kReceiving → kWaiting → kResponding; a response may start before the request has ended.
  enum class Phase : uint8_t { kReceiving, kWaiting, kResponding };
  // What set the deadline.
  enum class LimitBy : uint8_t { kNobody, kSetting, kGrpcTimeout, kTimeoutMs, kCaller };

  void shorten(Duration limit, LimitBy by);
  void read_limits(const RequestHead& head);
  // The moment when the next limit could be over; max: never.
  MonoTime next_due() const;
  void arm();
  void on_timer();
  void pass_grpc_timeout(Headers& headers, Duration left);
  void pass_timeout_ms(const Service& service, Headers& headers, Duration left);
  LocalReply too_slow() const;
  LocalReply stood_still() const;

  FilterContext& context_;
  const Settings* settings_ = nullptr;  // from on_request_head on
  Timer timer_;
  MonoTime deadline_ = MonoTime::max();  // of the response's start
  MonoTime last_activity_{};             // of a body
  MonoTime armed_for_ = MonoTime::max();
  Duration limit_ = Duration::max();
  LimitBy limit_by_ = LimitBy::kNobody;
  Phase phase_ = Phase::kReceiving;
  bool came_with_ms_ = false;  // the request has an x-woad-timeout-ms of its own
};

}  // namespace woad
