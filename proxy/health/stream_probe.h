// A probe that sends a request: GET of a path, or a call of grpc.health.v1.Health/Check.
//
// It goes over the connections that a ConnectionPool keeps, as any request does; one that was
// reused and died of its age is replaced once. Control loop.
#pragma once

#include <string>

#include "proxy/base/arena.h"
#include "proxy/health/probe.h"
#include "proxy/upstream/connection_pool.h"
#include "proxy/upstream/health_check.h"

namespace woad {

class StreamProbe final : public Probe, private StreamWaiter, private ResponseSink {
 public:
  // All outlive it. `check` is one of kHttp or kGrpc.
  StreamProbe(ConnectionPool& pool, ArenaPool& arenas, const HealthCheck& check, ProbeOwner& owner)
      : pool_(pool), arena_(arenas), check_(check), owner_(owner) {}
  ~StreamProbe() override { release(); }

  void start() override { pool_.acquire(*this, Reuse::kAny); }
  void give_up() override;
  std::string question() const override;

 private:
  // More of an answer's body is not waited for.
  static constexpr size_t kMostBody = 16 * 1024;

  bool is_grpc() const { return check_.kind == HealthCheck::Kind::kGrpc; }
  void ask(RequestWriter& writer);
  void release();
  void finish();
  ProbeResult judge() const;
  ProbeResult judge_http() const;
  ProbeResult judge_grpc() const;
  ProbeResult failed(const std::string& how) const;
  void tell(ProbeResult result);
  void read_status(const Headers& headers);

  // StreamWaiter
  void on_stream(RequestWriter& writer, Protocol protocol, bool reused) override;
  void on_no_stream(const DialFailure& failure) override;
  ResponseSink& response_sink() override { return *this; }
  // ResponseSink
  void on_interim(ResponseHead&) override {}
  void on_response(ResponseHead& head, bool end) override;
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers& trailers) override;
  void on_reset(ResetReason reason, std::string_view why) override;
  void on_writable() override {}
  Arena& arena() override { return arena_; }

  ConnectionPool& pool_;
  Arena arena_;
  const HealthCheck check_;
  ProbeOwner& owner_;
  RequestWriter* writer_ = nullptr;  // while the request is under way
  int status_ = 0;                   // 0: no answer yet
  std::string grpc_status_{};        // "" until it was told
  std::string body_{};
  bool reused_ = false;
};

}  // namespace woad
