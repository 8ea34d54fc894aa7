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

class MirrorRequest final : public Deferred, public ListLink, private ForwarderOwner {
 public:
  // A shadow that has not answered by then is given up: the default of timeout.request.
  static constexpr Duration kTimeout = seconds(15);

  MirrorRequest(WorkerContext& worker, ViewRef view);

  // Copies the head. `of` is the request that is copied.
  void start(const ServiceEntry& target, const RequestHead& head, const ExchangeInfo& of, bool end);
  void send_data(Buffer&& data, bool end);
  void send_trailers(const Headers& trailers);
  bool over() const { return over_; }

 private:
  friend class MirrorSet;
  Verdict shape_attempt(AttemptPlan& plan, RequestHead& head) override;
  Next judge_outcome(const Outcome&) override { return Next::done(); }
  void on_interim(ResponseHead&) override {}
  void on_response(ResponseHead& head, bool end) override;
  void on_response_data(Buffer&& data, bool end) override;
  void on_response_trailers(Headers&) override { end(); }
  void on_no_response(LocalReply) override { end(); }
  void on_response_cut(std::string_view) override { end(); }
  void on_request_room() override {}
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
