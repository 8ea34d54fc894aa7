// The filter contract: what a filter is told, what it may answer, what it may use.
//
// One HttpFilter object an exchange, made in the exchange's arena when the request arrives and
// destroyed with the exchange. Everything runs on the worker's thread. A filter that keeps a view
// of a head keeps it valid: heads live as long as the exchange. See filters/README.md for how to
// add one.
//
// Order: on_request_head, on_request_data*, on_request_trailers in chain order; on_attempt before
// each try, on_outcome after it; on_response_* in reverse order; on_end once, always.
//
// The route (service, and with it the settings of route over service over chain) is chosen once:
// behind the last filter whose kind changes what routes match on (kChangesMatch), or before the
// first when there is none. A request that is refused earlier gets its route then.
//
// A try is one on_attempt, and for each filter that let it go exactly one on_outcome: when the head
// of a response comes, when the try fails or is given up, or at once when it could not be made
// (Outcome::Kind::kNotMade). A request that meets a connection which had died of its age goes again
// on a fresh one by itself; that is the same try still, with the same head. A response that breaks
// off behind its head is no other outcome: on_end tells of it (ExchangeInfo::closed_by, error).
#pragma once

#include "proxy/base/arena.h"
#include "proxy/base/buffer.h"
#include "proxy/base/event_log.h"
#include "proxy/base/random.h"
#include "proxy/base/scheduler.h"
#include "proxy/context/system.h"
#include "proxy/filter/outcome.h"
#include "proxy/filter/verdict.h"
#include "proxy/http/exchange_info.h"
#include "proxy/http/message.h"
#include "proxy/observe/metrics.h"
#include "proxy/observe/span_queue.h"
#include "proxy/upstream/service.h"

namespace woad {

// One try to get an answer from an endpoint; filters shape it before it starts.
struct AttemptPlan {
  const Service& service;
  uint32_t number;             // 1, 2, …
  const Pool* pool = nullptr;  // nullptr: the base pool
  PoolReason pool_reason = PoolReason::kUndyed;
  Duration per_try{};  // limit of this try until its response head; zero: none

  // nullptr: the service has no base pool either.
  const Pool* pool_or_base() const { return pool == nullptr ? service.find_pool("", "") : pool; }
};

// Implemented by the exchange.
class FilterHost {
 public:
  virtual const void* filter_settings(size_t index) = 0;
  virtual void* filter_state(size_t index) = 0;
  virtual void filter_resume() = 0;
  virtual void filter_reply(LocalReply reply) = 0;

 protected:
  ~FilterHost() = default;
};

// What the filters of an exchange share of its worker and its snapshot; outlives them.
struct FilterServices {
  Scheduler& scheduler;
  Random& random;
  WorkerMetrics& metrics;
  const ContextSystem& context;
  SpanQueue* spans = nullptr;  // nullptr: spans go nowhere
  EventLog* log = nullptr;     // nullptr: nothing is told
};

// What a filter may use. One for each filter of an exchange; lives as long as the filter.
class FilterContext {
 public:
  FilterContext(FilterHost& host, size_t index, ExchangeInfo& info, Arena& arena,
                const FilterServices& services)
      : host_(host), index_(index), info_(info), arena_(arena), services_(services) {}

  const ExchangeInfo& info() const { return info_; }
  // For the filter whose business it is to find something out: context, trace, timeout.
  ExchangeInfo& publish() { return info_; }
  Arena& arena() { return arena_; }
  Scheduler& scheduler() { return services_.scheduler; }
  Random& random() { return services_.random; }
  WorkerMetrics& metrics() { return services_.metrics; }
  const ContextSystem& request_contexts() { return services_.context; }
  SpanQueue* spans() { return services_.spans; }
  EventLog* log() { return services_.log; }

  // Settings after the cascade chain < service < route; those of the chain until the route is
  // chosen.
  template <class Settings>
  const Settings& settings() {
    return *static_cast<const Settings*>(host_.filter_settings(index_));
  }
  // State made for these settings (see FilterKind); shared by all workers.
  template <class State>
  State& state() {
    return *static_cast<State*>(host_.filter_state(index_));
  }

  // After HeadVerdict::wait(): goes on with the next filter. From the loop (a timer), not from a
  // hook.
  void resume() { host_.filter_resume(); }
  // From the loop: answers now if the response head has not been sent, and cuts the exchange
  // otherwise. The filter may be destroyed by the end of the turn.
  void reply(LocalReply reply) { host_.filter_reply(std::move(reply)); }

 private:
  FilterHost& host_;
  size_t index_;
  ExchangeInfo& info_;
  Arena& arena_;
  const FilterServices& services_;
};

class HttpFilter {
 public:
  virtual ~HttpFilter() = default;
  // `end` of a head: it is the whole message.
  virtual HeadVerdict on_request_head(RequestHead&, bool) { return HeadVerdict::go(); }
  virtual Verdict on_request_data(Buffer&, bool) { return Verdict::go(); }
  virtual Verdict on_request_trailers(Headers&) { return Verdict::go(); }
  // Before each try: choose the pool, limit it, change what is sent (`head` is the try's own: what
  // was changed for one is not there in the next), hold it back, or refuse.
  virtual HeadVerdict on_attempt(AttemptPlan&, RequestHead&) { return HeadVerdict::go(); }
  // After each try that this filter let go, once.
  virtual void on_outcome(const Outcome&) {}
  // Behind on_outcome, when another try can be made: is there to be one? Asked in chain order until
  // a filter wants it; so a wish is never overruled.
  virtual Next next_try(const Outcome&) { return Next::done(); }
  virtual HeadVerdict on_response_head(ResponseHead&, bool) { return HeadVerdict::go(); }
  virtual Verdict on_response_data(Buffer&, bool) { return Verdict::go(); }
  virtual Verdict on_response_trailers(Headers&) { return Verdict::go(); }
  // Once, whatever happened; the last call.
  virtual void on_end(const ExchangeInfo&) {}
};

}  // namespace woad
