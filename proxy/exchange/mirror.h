// A copy of a request for a shadow service: sent along whole, its answer thrown away.
//
//   sending ──▶ sent ──▶ over
//      └─────────────────▶┘
// It never slows or fails the request it copies. What its shadow does not take at once waits here,
// in the blocks of the request itself, within bounds for a copy and for a worker. A copy that falls
// further behind, or whose shadow owes something and does nothing for too long, is given up: reset,
// so that a part never looks like a whole, counted, and told on the process log. The bounds are
// those of ExchangeLimits. It belongs to the exchange while the request comes and to the worker's
// MirrorSet afterwards. One thread.
#pragma once

#include <memory>

#include "proxy/base/timer_wheel.h"
#include "proxy/exchange/forwarder.h"

namespace woad {

// How it ended.
enum class MirrorEnd : uint8_t {
  kAnswered,   // whatever the answer; one that came early ends the copy, too
  kTooSlow,    // over the bound
  kTimeout,    // the shadow took nothing, or did not answer
  kFailed,     // not reached, or lost
  kCancelled,  // with the request it copied, or the worker
};
std::string_view to_string(MirrorEnd end);

class MirrorRequest final : public Deferred,
                            public ListLink,
                            private ForwarderOwner,
                            private ResponseSink {
 public:
  MirrorRequest(WorkerContext& worker, ViewRef view);
  ~MirrorRequest() override;

  // Copies the head. `of` is the request that is copied.
  void start(const ServiceEntry& target, const RequestHead& head, const ExchangeInfo& of, bool end);
  void send_data(Buffer&& data, bool end);
  void send_trailers(const Headers& trailers);
  // The request it copies comes to nothing.
  void cancel() { end(MirrorEnd::kCancelled); }
  // What is left to do is its worker's.
  static void leave(std::unique_ptr<MirrorRequest> mirror);

 private:
  enum class State : uint8_t { kSending, kSent, kOver };

  HeadVerdict shape_attempt(AttemptPlan& plan, RequestHead& head) override;
  void on_outcome(const Outcome&) override {}
  Next next_try(const Outcome&) override { return Next::done(); }
  void on_no_response(LocalReply reply, ClosedBy) override;
  // ResponseSink: the answer is thrown away.
  void on_interim(ResponseHead&) override {}
  void on_response(ResponseHead& head, bool end) override;
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers&) override { end(MirrorEnd::kAnswered); }
  void on_reset(ResetReason, std::string_view why) override { give_up(MirrorEnd::kFailed, why); }
  void on_writable() override;
  Arena& arena() override { return arena_; }

  bool over() const { return state_ == State::kOver; }
  const ExchangeLimits& limits() const { return view_->snapshot().exchange_limits; }
  void keep(Buffer&& data);
  void pass(Buffer&& data);
  void on_sent();
  void on_patience_over();
  void give_up(MirrorEnd how, std::string_view why);
  void end(MirrorEnd how);
  void settle(MirrorEnd how);

  WorkerContext& worker_;
  ViewRef view_;
  Arena arena_;
  ExchangeInfo info_;
  Timer patience_;  // armed while the shadow owes something
  Buffer behind_;   // what it has not taken yet
  Headers* trailers_ = nullptr;
  bool request_ended_ = false;  // nothing more comes to be copied
  State state_ = State::kSending;
  Forwarder forwarder_;
};

// An exchange's hold on the copy of its request, from start() until the request has come whole;
// without a copy, and behind that, its calls are nothing.
class MirrorHold {
 public:
  void start(WorkerContext& worker, const ViewRef& view, const ServiceEntry& target,
             const RequestHead& head, const ExchangeInfo& of, bool end);
  void send_data(const Buffer& data, bool end);
  void send_trailers(const Headers& trailers);
  // The request comes to nothing.
  void drop();

 private:
  std::unique_ptr<MirrorRequest> copy_;
};

// The mirrors of a worker: those whose requests have come whole, and what waits for the shadows of
// all of them.
class MirrorSet {
 public:
  ~MirrorSet();

 private:
  friend class MirrorRequest;
  IntrusiveList<MirrorRequest> mirrors_;
  size_t behind_ = 0;
};

}  // namespace woad
