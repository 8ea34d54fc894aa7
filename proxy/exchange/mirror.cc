#include "proxy/exchange/mirror.h"

#include "proxy/context/carriers.h"
#include "proxy/upstream/pool_choice.h"

namespace woad {

MirrorRequest::MirrorRequest(WorkerContext& worker, ViewRef view)
    : worker_(worker),
      view_(std::move(view)),
      arena_(worker.arenas),
      timeout_(worker.scheduler.timers(), bind_timer<&MirrorRequest::end>(this)),
      forwarder_(*this, *this, worker, *view_, info_, arena_) {}

void MirrorRequest::start(const ServiceEntry& target, const RequestHead& head,
                          const ExchangeInfo& of, bool end) {
  auto* copy = arena_.make<RequestHead>(arena_);
  copy->protocol = head.protocol;
  copy->method = head.method;
  copy->method_name = arena_.copy(head.method_name);
  copy->scheme = arena_.copy(head.scheme);
  copy->authority = arena_.copy(head.authority);
  copy->path = arena_.copy(head.path);
  copy->content_length = head.content_length;
  copy->te_trailers = head.te_trailers;
  copy->headers.copy_from(head.headers);
  if (target.service.external()) {
    remove_context(copy->headers, view_->snapshot().context.rules.names);
  }
  info_.request = copy;
  info_.color = arena_.copy(of.color);
  info_.tenant = arena_.copy(of.tenant);
  info_.grpc = of.grpc;
  timeout_.arm(view_->snapshot().exchange_limits.mirror);
  forwarder_.start(target, *copy, end, false);
}

// By the shadow's own chain of pools, as a request to it would go.
Verdict MirrorRequest::shape_attempt(AttemptPlan& plan, RequestHead&) {
  const PoolChoice choice = choose_pool(plan.service, info_.color, info_.tenant);
  plan.pool = choice.pool;
  plan.pool_reason = choice.reason;
  if (choice.error == ErrorCode::kNone) return Verdict::go();
  return Verdict::reply(refusal(choice, plan.service, info_.color, info_.tenant));
}

void MirrorRequest::send_data(Buffer&& data, bool last) {
  if (over_) return;
  forwarder_.send_data(std::move(data), last);
  if (!last && !forwarder_.writable()) end();
}

void MirrorRequest::send_trailers(const Headers& trailers) {
  if (over_) return;
  auto* copy = arena_.make<Headers>(arena_);
  copy->copy_from(trailers);
  forwarder_.send_trailers(*copy);
}

void MirrorRequest::on_response(ResponseHead&, bool last) {
  if (last) end();
}

void MirrorRequest::on_data(Buffer&&, bool last) {
  if (last) end();
}

void MirrorRequest::end() {
  if (over_) return;
  over_ = true;
  timeout_.disarm();
  forwarder_.cancel(ErrorCode::kNone);
  if (set_ == nullptr) return;
  unlink();
  worker_.scheduler.defer_delete(std::unique_ptr<Deferred>(this));
}

MirrorSet::~MirrorSet() {
  while (!mirrors_.empty()) delete &mirrors_.pop_front();
}

void MirrorSet::adopt(std::unique_ptr<MirrorRequest> mirror) {
  if (mirror->over()) {
    mirror->worker_.scheduler.defer_delete(std::move(mirror));
    return;
  }
  mirror->set_ = this;
  mirrors_.push_back(*mirror.release());
}

}  // namespace woad
