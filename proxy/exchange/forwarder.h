// The end of the chain: gets one request answered, by one attempt after another.
//
// Keeps the request body for a replay while that is possible and small; chooses pool (by filters)
// and endpoint (by the balancer); replays once by itself when a reused connection died of its age.
// Owned by its exchange. One thread.
#pragma once

#include <cstdint>
#include <memory>

#include "proxy/base/timer_wheel.h"
#include "proxy/exchange/attempt.h"
#include "proxy/exchange/worker_context.h"
#include "proxy/filter/filter.h"
#include "proxy/snapshot/route.h"

namespace woad {

// Implemented by the exchange.
class ForwarderOwner {
 public:
  // Lets the filters shape or refuse the next try.
  virtual Verdict shape_attempt(AttemptPlan& plan, RequestHead& head) = 0;
  virtual Next judge_outcome(const Outcome& outcome) = 0;
  virtual void on_interim(ResponseHead& head) = 0;
  virtual void on_response(ResponseHead& head, bool end) = 0;
  virtual void on_response_data(Buffer&& data, bool end) = 0;
  virtual void on_response_trailers(Headers& trailers) = 0;
  // No answer will come; nothing has been handed up.
  virtual void on_no_response(LocalReply reply) = 0;
  // The response broke off after its head was handed up.
  virtual void on_response_cut(std::string_view why) = 0;
  // The request may send more body.
  virtual void on_request_room() = 0;

 protected:
  ~ForwarderOwner() = default;
};

class Forwarder final : private AttemptSink {
 public:
  // Request bodies up to this are kept for a replay.
  static constexpr size_t kReplayBytes = 64 * 1024;

  Forwarder(ForwarderOwner& owner, const WorkerContext& worker, SnapshotView& view,
            ExchangeInfo& info, Arena& arena);
  ~Forwarder();

  // Begins. `head` lives as long as the exchange.
  void start(const ServiceEntry& target, RequestHead& head, bool end);
  void send_data(Buffer&& data, bool end);
  void send_trailers(Headers& trailers);
  // False: the upstream is slow, hold the client.
  bool writable() const;
  // Back-pressure from the client.
  void hold_response(bool on);
  // Gives up whatever runs.
  void cancel(ResetReason reason);

 private:
  void try_next(bool fresh);
  const Endpoint* pick_endpoint(BalancerPolicy policy);
  void launch(const Endpoint& endpoint, bool fresh, uint32_t number);
  void retire_attempt(ResetReason reason);
  bool replay_is_safe(Attempt& attempt, ResetReason reason) const;
  void conclude(Outcome outcome, LocalReply reply);
  void on_per_try();
  void on_backoff_over();

  void on_attempt_ready(Attempt& attempt) override;
  void on_attempt_no_stream(Attempt& attempt, const DialFailure& failure) override;
  void on_attempt_interim(ResponseHead& head) override;
  void on_attempt_response(Attempt& attempt, ResponseHead& head, bool end) override;
  void on_attempt_data(Buffer&& data, bool end) override;
  void on_attempt_trailers(Headers& trailers) override;
  void on_attempt_reset(Attempt& attempt, ResetReason reason, std::string_view why) override;
  void on_attempt_writable() override;
  Arena& attempt_arena() override { return arena_; }

  ForwarderOwner& owner_;
  const WorkerContext& worker_;
  SnapshotView& view_;
  ExchangeInfo& info_;
  Arena& arena_;
  const ServiceEntry* target_ = nullptr;
  RequestHead* head_ = nullptr;
  std::unique_ptr<Attempt> attempt_;
  LivePool* live_ = nullptr;  // where last_endpoint_ is
  const Endpoint* last_endpoint_ = nullptr;
  Buffer body_;  // sent or not, while keep_body_; else what no stream has taken yet
  Headers* trailers_ = nullptr;
  bool request_ended_ = false;
  bool keep_body_ = true;      // body_ holds the whole body so far: another try could send it
  bool replayed_ = false;      // the one replay on a fresh connection is used up
  bool head_sent_up_ = false;  // the response belongs to the client: no further try
  Timer per_try_;
  Timer backoff_;
};

}  // namespace woad
