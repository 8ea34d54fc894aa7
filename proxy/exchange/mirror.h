// A copy of a request for a shadow service: sent along, its answer thrown away.
//
// It never slows or fails the request it copies: a shadow that cannot keep up is given up. It
// belongs to the exchange while the request is being sent and to the worker's MirrorSet afterwards.
// One thread.
#pragma once

#include <memory>

#include "proxy/base/timer_wheel.h"
#include "proxy/exchange/forwarder.h"

namespace woad {

class MirrorRequest final : public Deferred,
                            public ListLink,
                            private ForwarderOwner,
                            private ResponseSink {
 public:
  MirrorRequest(WorkerContext& worker, ViewRef view);

  // Copies the head. `of` is the request that is copied.
  void start(const ServiceEntry& target, const RequestHead& head, const ExchangeInfo& of, bool end);
  void send_data(Buffer&& data, bool end);
  void send_trailers(const Headers& trailers);
  bool over() const { return over_; }

 private:
  friend class MirrorSet;
  Verdict shape_attempt(AttemptPlan& plan, RequestHead& head) override;
  void on_outcome(const Outcome&) override {}
  Next next_try(const Outcome&) override { return Next::done(); }
  void on_no_response(LocalReply, ClosedBy) override { end(); }
  // ResponseSink: the answer is thrown away.
  void on_interim(ResponseHead&) override {}
  void on_response(ResponseHead& head, bool end) override;
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers&) override { end(); }
  void on_reset(ResetReason, std::string_view) override { end(); }
  void on_writable() override {}
  Arena& arena() override { return arena_; }
  void end();

  WorkerContext& worker_;
  ViewRef view_;
  Arena arena_;
  ExchangeInfo info_;
  Timer timeout_;
  class MirrorSet* set_ = nullptr;
  bool over_ = false;
  Forwarder forwarder_;
};

// The mirrors of a worker whose requests have been sent.
class MirrorSet {
 public:
  ~MirrorSet();
  void adopt(std::unique_ptr<MirrorRequest> mirror);

 private:
  friend class MirrorRequest;
  IntrusiveList<MirrorRequest> mirrors_;
};

}  // namespace woad
