// A wait for a stream at an endpoint, or at the first address of its name that has one. One thread.
#pragma once

#include <memory>
#include <vector>

#include "proxy/upstream/address_race.h"
#include "proxy/upstream/live_pools.h"

namespace woad {

// Who gets it. As StreamWaiter, but it stands in no queue itself.
class StreamTaker {
 public:
  // The stream is the taker's: it must release the writer.
  virtual void on_stream(RequestWriter& writer, bool reused) = 0;
  virtual void on_no_stream(const DialFailure& failure) = 0;
  virtual ResponseSink& response_sink() = 0;

 protected:
  ~StreamTaker() = default;
};

class StreamRace final : private RaceRunner {
 public:
  // Counts as active on the endpoint while it lives. `endpoint` is in `pool`.
  StreamRace(LivePool& pool, const Endpoint& endpoint, Protocol protocol, StreamTaker& taker);
  ~StreamRace();
  StreamRace(const StreamRace&) = delete;
  StreamRace& operator=(const StreamRace&) = delete;

  // Calls the taker back: at once when a connection has room, else later from the loop.
  void start(Reuse reuse);
  // No event comes any more.
  void stop();
  // What became of it, told once: the head of an answer came, or none will.
  void answered() { tell(&PeakEwma::observe); }
  void failed() { tell(&PeakEwma::observe_failure); }
  // Where the stream is; before, where it was looked for first.
  const Endpoint& endpoint() const { return *endpoint_; }

 private:
  // The place in the queue of one address.
  class Lane final : public StreamWaiter {
   public:
    Lane(StreamRace& race, const Endpoint& endpoint) : race_(race), endpoint_(endpoint) {}

   private:
    void on_stream(RequestWriter& writer, Protocol, bool reused) override {
      race_.on_stream(endpoint_, writer, reused);
    }
    void on_no_stream(const DialFailure& failure) override {
      race_.on_no_stream(endpoint_, failure);
    }
    ResponseSink& response_sink() override { return race_.taker_.response_sink(); }

    StreamRace& race_;
    const Endpoint& endpoint_;
  };
  // What only a name of several addresses needs, and only when the first has no stream at hand.
  struct Others {
    AddressRace order;
    std::vector<std::unique_ptr<Lane>> lanes;
  };

  void set_out(const Endpoint& endpoint) override;
  void on_race_lost(const DialFailure& failure) override { taker_.on_no_stream(failure); }
  void on_stream(const Endpoint& endpoint, RequestWriter& writer, bool reused);
  void on_no_stream(const Endpoint& endpoint, const DialFailure& failure);
  void leave_queues();
  void tell(void (PeakEwma::*how)(Duration, MonoTime));

  LivePool& pool_;
  StreamTaker& taker_;
  const Endpoint* endpoint_;
  EndpointState* state_;
  MonoTime began_ = MonoTime::max();  // until its end is known, if that is to be measured
  Lane first_;
  std::unique_ptr<Others> others_;
  Protocol protocol_;
  Reuse reuse_ = Reuse::kAny;
};

}  // namespace woad
