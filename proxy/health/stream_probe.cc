#include "proxy/health/stream_probe.h"

#include <algorithm>
#include <utility>

#include "proxy/health/grpc_health.h"

namespace woad {

using Kind = ProbeResult::Kind;

std::string StreamProbe::question() const {
  return is_grpc() ? std::string(kGrpcHealthPath.substr(1)) : "GET " + check_.target;
}

void StreamProbe::on_stream(RequestWriter& writer, Protocol protocol, bool reused) {
  writer_ = &writer;
  reused_ = reused;
  if (is_grpc() && protocol != Protocol::kHttp2) {
    release();
    return tell(failed(" is impossible: the server did not agree on HTTP/2 (ALPN)"));
  }
  ask(writer);
}

void StreamProbe::ask(RequestWriter& writer) {
  RequestHead& head = *arena_.make<RequestHead>(arena_);
  head.method = is_grpc() ? Method::kPost : Method::kGet;
  head.method_name = is_grpc() ? "POST" : "GET";
  head.scheme = pool_.channel()->tls == nullptr ? "http" : "https";
  head.authority = check_.host;
  head.path = is_grpc() ? kGrpcHealthPath : std::string_view(check_.target);
  head.headers.add("user-agent", "woad-health-check");
  if (!is_grpc()) return writer.write_head(head, true);
  head.headers.add("content-type", "application/grpc");
  head.te_trailers = true;
  writer.write_head(head, false);
  Buffer message;
  message.append(pool_.context().codec.blocks, grpc_health_request(check_.target));
  writer.write_data(std::move(message), true);
}

void StreamProbe::give_up() {
  stop_waiting();
  release();
}

void StreamProbe::release() {
  if (writer_ != nullptr) std::exchange(writer_, nullptr)->release(ResetReason::kCancel);
}

// The stream is released first: its connection is then ready for the next probe.
void StreamProbe::finish() {
  if (writer_ == nullptr) return;
  release();
  tell(judge());
}

void StreamProbe::tell(ProbeResult result) { owner_.on_probed(std::move(result)); }

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

void StreamProbe::on_no_stream(const DialFailure& failure) {
  const bool ours = failure.cause == DialFailure::Cause::kOurs;
  tell({ours ? Kind::kNotMade : Kind::kFailed, failure.message});
}

void StreamProbe::on_response(ResponseHead& head, bool end) {
  status_ = head.status;
  read_status(head.headers);
  if (end) finish();
}

void StreamProbe::read_status(const Headers& headers) {
  const Header* field = headers.find("grpc-status");
  // Numbers have two digits at most; what is longer is no status, whatever it says.
  if (field != nullptr) grpc_status_ = field->value.substr(0, 8);
}

void StreamProbe::on_data(Buffer&& data, bool end) {
  data.take(std::min(data.size(), kMostBody - body_.size())).for_each([&](const Slice& slice) {
    body_.append(slice.view());
  });
  if (end || body_.size() == kMostBody) finish();
}

void StreamProbe::on_trailers(Headers& trailers) {
  read_status(trailers);
  finish();
}

void StreamProbe::on_reset(ResetReason, std::string_view why) {
  release();
  if (status_ != 0) return tell(judge());
  if (std::exchange(reused_, false)) return pool_.acquire(*this, Reuse::kNone);
  tell(failed(": " + std::string(why)));
}

}  // namespace woad
