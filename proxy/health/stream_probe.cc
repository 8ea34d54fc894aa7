#include "proxy/health/stream_probe.h"

#include <utility>

#include "proxy/health/grpc_health.h"

namespace woad {

using Kind = ProbeResult::Kind;

StreamProbe::StreamProbe(ConnectionPool& pool, ArenaPool& arenas, const HealthCheck& check,
                         ProbeOwner& owner)
    : check_(check),
      owner_(owner),
      call_(pool, arenas, check_.host, request(), *this,
            is_grpc() ? PooledCall::Kind::kGrpc : PooledCall::Kind::kHttp) {}

std::string StreamProbe::question() const {
  return is_grpc() ? std::string(kGrpcHealthPath.substr(1)) : "GET " + check_.target;
}

HttpRequest StreamProbe::request() const {
  HttpRequest request{.target = check_.target,
                      .headers = {{"user-agent", "woad-health-check"}},
                      .timeout = Duration(0)};  // CheckedEndpoint's
  if (!is_grpc()) return request;
  request.method = "POST";
  request.target = kGrpcHealthPath;
  request.headers.emplace_back("content-type", "application/grpc");
  request.body = grpc_health_request(check_.target);
  return request;
}

ProbeResult StreamProbe::failed(const std::string& how) const {
  return {Kind::kFailed, question() + how};
}

ProbeResult StreamProbe::judge() const { return is_grpc() ? judge_grpc() : judge_http(); }

ProbeResult StreamProbe::judge_http() const {
  const bool good = status_ >= 200 && status_ < 300;
  return {good ? Kind::kGood : Kind::kFailed, question() + " answered " + std::to_string(status_)};
}

ProbeResult StreamProbe::judge_grpc() const {
  if (status_ != 200) return failed(" answered HTTP " + std::to_string(status_));
  if (grpc_status_ == "5") {
    return failed(" does not know service \"" + check_.target + "\" (grpc-status 5)");
  }
  if (grpc_status_ == "12") return failed(": the server has no such service (grpc-status 12)");
  if (grpc_status_ != "0") {
    return failed(grpc_status_.empty() ? " answered without grpc-status"
                                       : " answered grpc-status " + grpc_status_);
  }
  const auto serving = grpc_health_status(body_);
  if (!serving) return failed(" answered with something else than its message");
  return {*serving == kGrpcServing ? Kind::kGood : Kind::kFailed,
          question() + " answered " + grpc_health_word(*serving)};
}

void StreamProbe::on_head(const ResponseHead& head) {
  status_ = head.status;
  read_status(head.headers);
}

void StreamProbe::read_status(const Headers& headers) {
  const Header* field = headers.find("grpc-status");
  // Numbers have two digits at most; what is longer is no status, whatever it says.
  if (field != nullptr) grpc_status_ = field->value.substr(0, 8);
}

void StreamProbe::on_body(std::string_view piece) {
  body_ += piece.substr(0, kMostBody - body_.size());
  if (body_.size() < kMostBody) return;
  call_.give_up();
  on_end();
}

void StreamProbe::on_failed(CallFailure failure) {
  if (status_ != 0) return on_end();
  switch (failure.step) {
    case CallFailure::Step::kOurs:
      return owner_.on_probed({Kind::kNotMade, std::move(failure.why)});
    case CallFailure::Step::kConnecting:
      return owner_.on_probed({Kind::kFailed, std::move(failure.why)});
    case CallFailure::Step::kAgreeing:
      return owner_.on_probed(failed(" is impossible: " + failure.why));
    case CallFailure::Step::kAsking: return owner_.on_probed(failed(": " + failure.why));
  }
}

}  // namespace woad
