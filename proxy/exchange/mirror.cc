#include "proxy/exchange/mirror.h"

#include <algorithm>

#include "proxy/context/carriers.h"
#include "proxy/exchange/narrate.h"
#include "proxy/upstream/pool_choice.h"

namespace woad {
namespace {

// Smaller pieces are copied to wait: each would keep the block alive in which it was read, which is
// four times as large at most for what is not copied (TcpTransport reads 32 KiB at once).
constexpr size_t kSharedPiece = 8 * 1024;

}  // namespace

std::string_view to_string(MirrorEnd end) {
  constexpr std::string_view kWords[] = {"answered", "too_slow", "timeout", "failed", "cancelled"};
  return kWords[static_cast<size_t>(end)];
}

MirrorRequest::MirrorRequest(WorkerContext& worker, ViewRef view)
    : worker_(worker),
      view_(std::move(view)),
      arena_(worker.arenas),
      patience_(worker.scheduler.timers(), bind_timer<&MirrorRequest::on_patience_over>(this)),
      forwarder_(*this, *this, worker, *view_, info_, arena_) {}

MirrorRequest::~MirrorRequest() {
  if (!over()) settle(MirrorEnd::kCancelled);
}

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
  if (target.service.external) {
    remove_context(copy->headers, view_->snapshot().context.rules.names);
  }
  info_.client = of.client;
  info_.request = copy;
  info_.service = target.service.name();
  info_.color = arena_.copy(of.color);
  info_.tenant = arena_.copy(of.tenant);
  info_.grpc = of.grpc;
  if (is_told(of)) info_.told_as = arena_.join(of.told_as, " mirrored");
  patience_.arm(limits().mirror_patience);
  if (end) state_ = State::kSent;
  forwarder_.start(target, *copy, end, false);
}

// By the shadow's own chain of pools, as a request to it would go.
HeadVerdict MirrorRequest::shape_attempt(AttemptPlan& plan, RequestHead&) {
  const MonoTime now = worker_.scheduler.now();
  const PoolChoice choice = choose_pool(plan.service, info_.color, info_.tenant, now);
  plan.pool = choice.pool;
  plan.pool_reason = choice.reason;
  if (choice.error == ErrorCode::kNone) return Verdict::go();
  return Verdict::reply(refusal(choice, plan.service, info_.color, info_.tenant, now));
}

void MirrorRequest::send_data(Buffer&& data, bool end) {
  if (state_ != State::kSending) return;
  request_ended_ = end;
  if (behind_.empty() && (data.empty() || forwarder_.writable())) {
    pass(std::move(data));
  } else {
    keep(std::move(data));
  }
}

void MirrorRequest::send_trailers(const Headers& trailers) {
  if (state_ != State::kSending) return;
  request_ended_ = true;
  trailers_ = arena_.make<Headers>(arena_);
  trailers_->copy_from(trailers);
  if (behind_.empty()) on_sent();
}

void MirrorRequest::keep(Buffer&& data) {
  const size_t size = data.size();
  if (behind_.size() + size > limits().mirror_behind) {
    give_up(MirrorEnd::kTooSlow, "more waits for the shadow than a copy may hold");
    return;
  }
  if (worker_.mirrors.behind_ + size > limits().mirrors_behind) {
    give_up(MirrorEnd::kTooSlow, "more waits for shadows than the copies of a worker may hold");
    return;
  }
  worker_.mirrors.behind_ += size;
  while (!data.empty()) {
    Slice piece = data.take_front();
    if (piece.size() < kSharedPiece) {
      behind_.append(worker_.blocks, piece.view());
    } else {
      behind_.append(std::move(piece));
    }
  }
  if (!patience_.armed()) patience_.arm(limits().mirror_patience);
}

// Nothing waits before `data`.
void MirrorRequest::pass(Buffer&& data) {
  const bool last = request_ended_ && trailers_ == nullptr && behind_.empty();
  forwarder_.send_data(std::move(data), last);
  if (last) on_sent();
}

void MirrorRequest::on_writable() {
  if (state_ != State::kSending) return;
  while (!behind_.empty() && forwarder_.writable()) {
    Buffer piece = behind_.take(std::min(behind_.size(), view_->snapshot().limits.buffer));
    worker_.mirrors.behind_ -= piece.size();
    pass(std::move(piece));
  }
  if (state_ == State::kSent) return;
  if (!behind_.empty()) {
    patience_.arm(limits().mirror_patience);
  } else if (trailers_ != nullptr) {
    on_sent();
  } else {
    patience_.disarm();  // now the client's turn
  }
}

void MirrorRequest::on_sent() {
  state_ = State::kSent;
  patience_.arm(limits().mirror_patience);
  if (trailers_ != nullptr) forwarder_.send_trailers(*trailers_);
}

void MirrorRequest::on_response(ResponseHead& head, bool last) {
  info_.status = head.status;
  if (last) end(MirrorEnd::kAnswered);
}

void MirrorRequest::on_data(Buffer&&, bool last) {
  if (last) end(MirrorEnd::kAnswered);
}

void MirrorRequest::on_no_response(LocalReply reply, ClosedBy) {
  if (reply.code == ErrorCode::kNoEndpoint) {  // a shadow may be declared with nobody in it
    end(MirrorEnd::kFailed);
  } else {
    give_up(MirrorEnd::kFailed, reply.details);
  }
}

void MirrorRequest::on_patience_over() {
  if (state_ == State::kSent && info_.status != 0) {  // a long answer, and nobody reads it
    end(MirrorEnd::kAnswered);
  } else {
    give_up(MirrorEnd::kTimeout, state_ == State::kSent ? "the shadow does not answer"
                                                        : "the shadow takes nothing more");
  }
}

void MirrorRequest::give_up(MirrorEnd how, std::string_view why) {
  if (over()) return;
  if (worker_.log != nullptr) {
    worker_.log->warn("a mirrored request was given up",
                      {{"service", info_.service}, {"result", to_string(how)}, {"why", why}});
  }
  end(how);
}

void MirrorRequest::settle(MirrorEnd how) {
  state_ = State::kOver;
  patience_.disarm();
  worker_.mirrors.behind_ -= behind_.size();
  behind_.clear();
  WorkerMetrics& metrics = worker_.metrics;
  metrics.count(Family::kMirrors, {metrics.intern(info_.service), metrics.intern(to_string(how))});
}

void MirrorRequest::end(MirrorEnd how) {
  if (over()) return;
  settle(how);
  forwarder_.cancel(ErrorCode::kNone);
  if (!linked()) return;
  unlink();
  worker_.scheduler.defer_delete(std::unique_ptr<Deferred>(this));
}

void MirrorRequest::leave(std::unique_ptr<MirrorRequest> mirror) {
  WorkerContext& worker = mirror->worker_;
  if (mirror->over()) return worker.scheduler.defer_delete(std::move(mirror));
  worker.mirrors.mirrors_.push_back(*mirror.release());
}

MirrorSet::~MirrorSet() {
  while (!mirrors_.empty()) delete &mirrors_.pop_front();
}

void MirrorHold::start(WorkerContext& worker, const ViewRef& view, const ServiceEntry& target,
                       const RequestHead& head, const ExchangeInfo& of, bool end) {
  copy_ = std::make_unique<MirrorRequest>(worker, view);
  copy_->start(target, head, of, end);
  if (end) MirrorRequest::leave(std::move(copy_));
}

void MirrorHold::send_data(const Buffer& data, bool end) {
  if (copy_ == nullptr) return;
  copy_->send_data(data.share(), end);
  if (end) MirrorRequest::leave(std::move(copy_));
}

void MirrorHold::send_trailers(const Headers& trailers) {
  if (copy_ == nullptr) return;
  copy_->send_trailers(trailers);
  MirrorRequest::leave(std::move(copy_));
}

void MirrorHold::drop() {
  if (copy_ == nullptr) return;
  copy_->cancel();
  MirrorRequest::leave(std::move(copy_));
}

}  // namespace woad
