// A probe that sends a request: GET of a path, or a call of grpc.health.v1.Health/Check.
//
// It goes over the connections that a ConnectionPool keeps, as any request does. Control loop.
#pragma once

#include <string>

#include "proxy/client/pooled_call.h"
#include "proxy/health/probe.h"
#include "proxy/upstream/health_check.h"

namespace woad {

class StreamProbe final : public Probe, private PooledCallSink {
 public:
  // All outlive it. `check` is one of kHttp or kGrpc.
  StreamProbe(ConnectionPool& pool, ArenaPool& arenas, const HealthCheck& check, ProbeOwner& owner);

  void start() override { call_.start(); }
  void give_up() override { call_.give_up(); }
  std::string question() const override;

 private:
  // More of an answer's body is not waited for.
  static constexpr size_t kMostBody = 16 * 1024;

  bool is_grpc() const { return check_.kind == HealthCheck::Kind::kGrpc; }
  HttpRequest request() const;
  ProbeResult judge() const;
  ProbeResult judge_http() const;
  ProbeResult judge_grpc() const;
  ProbeResult failed(const std::string& how) const;
  void read_status(const Headers& headers);

  // PooledCallSink
  void on_head(const ResponseHead& head) override;
  void on_body(std::string_view piece) override;
  void on_trailers(const Headers& trailers) override { read_status(trailers); }
  void on_end() override { owner_.on_probed(judge()); }
  void on_failed(CallFailure failure) override;

  const HealthCheck check_;
  ProbeOwner& owner_;
  int status_ = 0;             // 0: no answer yet
  std::string grpc_status_{};  // "" until it was told
  std::string body_{};
  PooledCall call_;
};

}  // namespace woad
