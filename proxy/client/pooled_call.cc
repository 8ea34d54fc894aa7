#include "proxy/client/pooled_call.h"

#include <utility>

#include "config/values.h"

namespace woad {

using Step = CallFailure::Step;

PooledCall::PooledCall(ConnectionPool& pool, ArenaPool& arenas, std::string authority,
                       HttpRequest request, PooledCallSink& sink, Kind kind)
    : pool_(pool),
      arena_(arenas),
      authority_(std::move(authority)),
      request_(std::move(request)),
      method_(method_of(request_.method)),
      kind_(kind),
      sink_(&sink),
      timeout_(pool.context().scheduler.timers(), bind_timer<&PooledCall::on_timeout>(this)) {}

void PooledCall::start() {
  if (request_.timeout > Duration(0)) timeout_.arm(request_.timeout);
  pool_.acquire(*this, is_idempotent(method_) ? Reuse::kAny : Reuse::kOnlySilent);
}

void PooledCall::give_up() {
  sink_ = nullptr;
  timeout_.disarm();
  stop_waiting();
  release();
}

void PooledCall::release() {
  if (writer_ != nullptr) std::exchange(writer_, nullptr)->release(ResetReason::kCancel);
}

// The stream is released first: its connection is then ready for the next call.
void PooledCall::end() {
  PooledCallSink* const sink = sink_;
  give_up();
  if (sink != nullptr) sink->on_end();
}

void PooledCall::fail(CallFailure::Step step, std::string why) {
  PooledCallSink* const sink = sink_;
  give_up();
  if (sink != nullptr) sink->on_failed({step, std::move(why)});
}

void PooledCall::on_timeout() {
  fail(Step::kAsking, "no answer within " + config::show(request_.timeout));
}

void PooledCall::on_stream(RequestWriter& writer, Protocol protocol, bool reused) {
  writer_ = &writer;
  reused_ = reused;
  if (kind_ == Kind::kGrpc && protocol != Protocol::kHttp2) {
    return fail(Step::kAgreeing, "the server did not agree on HTTP/2 (ALPN)");
  }
  send(writer);
}

void PooledCall::send(RequestWriter& writer) {
  RequestHead& head = *arena_.make<RequestHead>(arena_);
  head.method = method_;
  head.method_name = request_.method;
  head.scheme = pool_.channel()->tls == nullptr ? "http" : "https";
  head.authority = authority_;
  head.path = request_.target;
  head.te_trailers = kind_ == Kind::kGrpc;
  for (const auto& [name, value] : request_.headers) head.headers.add(name, value);
  const bool has_body =
      !request_.body.empty() || method_ == Method::kPost || method_ == Method::kPut;
  if (!has_body) return writer.write_head(head, true);
  head.content_length = request_.body.size();
  writer.write_head(head, false);
  writer.write_data({pool_.context().codec.blocks, request_.body}, true);
}

void PooledCall::on_no_stream(const DialFailure& failure) {
  const bool ours = failure.cause == DialFailure::Cause::kOurs;
  fail(ours ? Step::kOurs : Step::kConnecting, failure.message);
}

void PooledCall::on_response(ResponseHead& head, bool is_end) {
  reused_ = false;
  if (sink_ != nullptr) sink_->on_head(head);
  if (is_end) end();
}

void PooledCall::on_data(Buffer&& data, bool is_end) {
  data.for_each([&](const Slice& slice) {
    if (sink_ != nullptr) sink_->on_body(slice.view());
  });
  if (is_end) end();
}

void PooledCall::on_trailers(Headers& trailers) {
  if (sink_ != nullptr) sink_->on_trailers(trailers);
  end();
}

bool PooledCall::may_go_again(ResetReason reason) const {
  if (!reused_ || writer_->anything_heard()) return false;
  return is_idempotent(method_) || !writer_->anything_sent() || reason == ResetReason::kRefused;
}

void PooledCall::on_reset(ResetReason reason, std::string_view why) {
  if (!may_go_again(reason)) return fail(Step::kAsking, std::string(why));
  release();
  pool_.acquire(*this, Reuse::kNone);
}

}  // namespace woad
