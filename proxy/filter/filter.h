// The filter contract: what a filter is told, what it may answer, what it may use.
//
// One HttpFilter object an exchange, made in the exchange's arena when the request arrives and
// destroyed with the exchange. Everything runs on the worker's thread. A filter that keeps a view
// of a head keeps it valid: heads live as long as the exchange. See filters/README.md for how to
// add one.
//
// Order: on_request_head, on_request_data*, on_request_trailers in chain order; on_attempt before
// each try, on_outcome after it; on_response_* in reverse order; on_end once, always.
#pragma once

#include <memory>
#include <utility>

#include "proxy/base/arena.h"
#include "proxy/base/buffer.h"
#include "proxy/base/random.h"
#include "proxy/base/scheduler.h"
#include "proxy/http/exchange_info.h"
#include "proxy/http/message.h"
#include "proxy/http/outcome.h"
#include "proxy/http/stream.h"
#include "proxy/upstream/pools.h"

namespace woad {

// The answer to an event. reply() is the return value, so it cannot be sent twice or forgotten.
class [[nodiscard]] Verdict {
 public:
  // On to the next filter.
  static Verdict go() { return Verdict(Kind::kGo, nullptr); }
  // The event waits here until FilterContext::resume() is called; then the next filter sees it.
  // Only for on_request_head and on_response_head; what comes behind waits too, with back-pressure.
  static Verdict wait() { return Verdict(Kind::kWait, nullptr); }
  // Nothing goes further; the client gets this. From response hooks: it replaces the response if
  // its head has not been sent, and cuts the exchange otherwise.
  static Verdict reply(LocalReply reply) {
    return Verdict(Kind::kReply, std::make_unique<LocalReply>(std::move(reply)));
  }

  enum class Kind : uint8_t { kGo, kWait, kReply };
  Kind kind() const { return kind_; }
  LocalReply take_reply() { return std::move(*reply_); }

 private:
  Verdict(Kind kind, std::unique_ptr<LocalReply> reply) : kind_(kind), reply_(std::move(reply)) {}
  Kind kind_;
  std::unique_ptr<LocalReply> reply_;
};

// One try to get an answer from an endpoint; filters shape it before it starts.
struct AttemptPlan {
  const ServiceInfo& service;
  uint32_t number;                 // 1, 2, …
  const PoolInfo* pool = nullptr;  // nullptr: the base pool
  PoolReason pool_reason = PoolReason::kUndyed;
  Duration per_try{};  // limit of this try until its response head; zero: none
};

// How a try ended, while nothing has been sent to the client.
struct Outcome {
  enum class Kind : uint8_t {
    kAccepted,
    kConnectFailed,
    kRefused,
    kReset,
    kBadResponse,
    kPerTryTimeout
  };
  Kind kind;
  int status = 0;              // with kAccepted
  bool anything_sent = false;  // bytes of the request may have reached the upstream
  uint32_t number = 1;
};

// The words of label `result` of woad_upstream_attempts_total.
std::string_view to_string(Outcome::Kind kind);

// What follows a try.
class [[nodiscard]] Next {
 public:
  static Next done() { return Next(false, Duration(0)); }
  static Next again(Duration delay) { return Next(true, delay); }
  bool wants_again() const { return again_; }
  Duration delay() const { return delay_; }

 private:
  Next(bool again, Duration delay) : again_(again), delay_(delay) {}
  bool again_;
  Duration delay_;
};

// Implemented by the exchange.
class FilterHost {
 public:
  virtual const void* filter_settings(size_t index) = 0;
  virtual void* filter_state(size_t index) = 0;
  virtual void filter_resume(size_t index) = 0;
  virtual void filter_reply(LocalReply reply) = 0;

 protected:
  ~FilterHost() = default;
};

struct ContextSystem;  // proxy/context/system.h
class SpanQueue;       // proxy/observe/span_queue.h
class WorkerMetrics;   // proxy/observe/metrics.h

// What the filters of an exchange share of its worker and its snapshot; outlives them.
struct FilterServices {
  Scheduler& scheduler;
  Random& random;
  WorkerMetrics& metrics;
  const ContextSystem& context;
  SpanQueue* spans = nullptr;  // nullptr: spans go nowhere
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

  // Settings after the cascade chain < service < route. On outbound the first call chooses the
  // route, so a filter that changes what routes match on must not call it earlier.
  template <class Settings>
  const Settings& settings() {
    return *static_cast<const Settings*>(host_.filter_settings(index_));
  }
  // State made for these settings (see FilterKind); shared by all workers.
  template <class State>
  State& state() {
    return *static_cast<State*>(host_.filter_state(index_));
  }

  // After Verdict::wait(): goes on with the next filter. From the loop (a timer), not from a hook.
  void resume() { host_.filter_resume(index_); }
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
  virtual Verdict on_request_head(RequestHead&, bool) { return Verdict::go(); }
  virtual Verdict on_request_data(Buffer&, bool) { return Verdict::go(); }
  virtual Verdict on_request_trailers(Headers&) { return Verdict::go(); }
  // Before each try: choose the pool, limit it, change what is sent (`head` is the try's own), or
  // refuse.
  virtual Verdict on_attempt(AttemptPlan&, RequestHead&) { return Verdict::go(); }
  virtual Next on_outcome(const Outcome&) { return Next::done(); }
  virtual Verdict on_response_head(ResponseHead&, bool) { return Verdict::go(); }
  virtual Verdict on_response_data(Buffer&, bool) { return Verdict::go(); }
  virtual Verdict on_response_trailers(Headers&) { return Verdict::go(); }
  // Once, whatever happened; the last call.
  virtual void on_end(const ExchangeInfo&) {}
};

}  // namespace woad
