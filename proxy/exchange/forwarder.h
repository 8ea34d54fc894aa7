// The end of the chain: gets one request answered, by one try after another.
//
// Keeps the request body for another try while that is possible and small; chooses pool (by
// filters) and endpoint (by the balancer); a try whose reused connection died of its age goes again
// on a fresh one by itself, once. Its states are those of forwarder_state.h. Owned by its exchange.
// One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proxy/base/timer_wheel.h"
#include "proxy/exchange/attempt.h"
#include "proxy/exchange/forwarder_state.h"
#include "proxy/exchange/worker_context.h"
#include "proxy/filter/filter.h"
#include "proxy/upstream/balancer.h"

namespace woad {

// Implemented by the exchange.
class ForwarderOwner {
 public:
  // Lets the filters shape, hold back or refuse the next try; after a wait, those behind the one
  // that waited.
  virtual HeadVerdict shape_attempt(AttemptPlan& plan, RequestHead& head) = 0;
  // Once for each try that was shaped, refused or not.
  virtual void on_outcome(const Outcome& outcome) = 0;
  // Whether another try is to follow; asked only when one can be made.
  virtual Next next_try(const Outcome& outcome) = 0;
  // No answer will come; nothing has been handed up. `ended_by`: whose fault that is.
  virtual void on_no_response(LocalReply reply, ClosedBy ended_by) = 0;

 protected:
  ~ForwarderOwner() = default;
};

class Forwarder final : private ResponseSink {
 public:
  // Interim responses, the response that is accepted and what follows it go to `sink`, and so does
  // its on_writable: the request may send more body.
  Forwarder(ForwarderOwner& owner, ResponseSink& sink, const WorkerContext& worker,
            SnapshotView& view, ExchangeInfo& info, Arena& arena);

  // Begins. `head` lives as long as the exchange. `repeatable`: next_try() may ask for another try,
  // so that each needs a head of its own.
  void start(const ServiceEntry& target, RequestHead& head, bool end, bool repeatable);
  void send_data(Buffer&& data, bool end);
  void send_trailers(Headers& trailers);
  // False: the upstream is slow, hold the client.
  bool writable() const;
  // Back-pressure from the client.
  void hold_response(bool on);
  // The filter that holds the try back lets it go.
  void resume();
  // Gives up whatever runs; `told` is what the client gets instead.
  void cancel(ErrorCode told);

 private:
  friend class Attempt;

  void try_next();
  void shape();
  void give_head();
  const Endpoint* pick_endpoint(const PickBy& policy);
  bool may_go_to(const Endpoint& endpoint);
  void launch(Reuse reuse);
  void retire_attempt();
  void stop_keeping();
  bool replay_is_safe(ResetReason reason) const;
  // A try that ran: counts it and tells its outcome. Whether another follows.
  Next tell(Outcome outcome);
  void settle_trial(const Outcome& outcome);
  void tell_not_made(ErrorCode error);
  void not_made(LocalReply reply);
  void fail(Outcome::Kind kind, std::string details, std::string_view proxy_status = {});
  void back_off(Duration delay);
  void on_per_try();

  // The stream is there: the request goes to the attempt's writer.
  void on_attempt_ready();
  void on_attempt_no_stream(const DialFailure& failure);
  // ResponseSink, until the response is accepted.
  void on_interim(ResponseHead& head) override { sink_.on_interim(head); }
  void on_response(ResponseHead& head, bool end) override;
  void on_data(Buffer&&, bool) override {}  // comes behind a head alone
  void on_trailers(Headers&) override {}    // as well
  void on_reset(ResetReason reason, std::string_view why) override;
  void on_writable() override { sink_.on_writable(); }
  Arena& arena() override { return arena_; }

  ForwarderOwner& owner_;
  ResponseSink& sink_;
  const WorkerContext& worker_;
  SnapshotView& view_;
  ExchangeInfo& info_;
  Arena& arena_;
  const ServiceEntry* target_ = nullptr;
  RequestHead* head_ = nullptr;            // of the present try
  const RequestHead* pristine_ = nullptr;  // as no try has shaped it; nullptr: there is one try
  std::unique_ptr<Attempt> attempt_;
  std::optional<AttemptPlan> plan_;     // of the present try
  LivePool* live_ = nullptr;            // where endpoint_ is
  const Endpoint* endpoint_ = nullptr;  // of the latest try
  const Endpoint* trial_ = nullptr;     // that the present try has put on trial
  Buffer body_;  // sent or not, while keep_body_; else what no stream has taken yet
  Headers* trailers_ = nullptr;
  ForwarderState state_ = ForwarderState::kIdle;
  bool repeatable_ = false;
  bool request_ended_ = false;
  bool keep_body_ = true;  // body_ holds the whole body so far: another try could send it
  bool replayed_ = false;  // the one replay on a fresh connection is used up
  KeptBytes kept_;
  Timer per_try_;
  Timer backoff_;
};

}  // namespace woad
