#include "proxy/otlp/exporter.h"

#include <algorithm>
#include <utility>

#include "config/values.h"
#include "proxy/base/backoff.h"
#include "proxy/client/http_client.h"
#include "proxy/log/log.h"

namespace woad {
namespace {

// Between two lines of the log about spans that the collector does not take.
constexpr Duration kTellEvery = minutes(1);
// Bytes of a collector's answer; of a longer one its status alone counts.
constexpr size_t kMostAnswer = size_t{64} * 1024;

}  // namespace

std::string_view to_string(SpanLoss loss) {
  constexpr std::string_view kWords[] = {"queue_full", "rejected", "refused", "undelivered",
                                         "shutdown"};
  return kWords[static_cast<size_t>(loss)];
}

OtlpExporter::Context otlp_over_http(Loop& loop, BlockPool& blocks, uint64_t seed, size_t workers) {
  const auto make_asker = [&loop, &blocks](const OtlpSettings& settings) {
    const HttpClientOptions options{.origin = settings.endpoint, .agent = "woad/" WOAD_VERSION};
    return std::make_shared<HttpClient>(loop, blocks, options);
  };
  return {loop.scheduler(), [&loop](std::function<void()> task) { loop.post(std::move(task)); },
          make_asker, seed, workers};
}

OtlpExporter::OtlpExporter(Context context)
    : context_(std::move(context)),
      random_(context_.seed),
      delay_timer_(context_.scheduler.timers(), bind_timer<&OtlpExporter::on_delay_over>(this)),
      retry_timer_(context_.scheduler.timers(), bind_timer<&OtlpExporter::try_batch>(this)),
      timeout_timer_(context_.scheduler.timers(), bind_timer<&OtlpExporter::on_timeout>(this)),
      shutdown_timer_(context_.scheduler.timers(), bind_timer<&OtlpExporter::end>(this)) {}

OtlpExporter::~OtlpExporter() = default;

void OtlpExporter::apply(OtlpSettings settings) {
  if (shut_down_ || settings == settings_) return;
  const bool same_place = asker_ != nullptr && settings.enabled &&
                          settings.endpoint == settings_.endpoint &&
                          settings.headers == settings_.headers;
  settings_ = std::move(settings);
  if (!same_place) {
    call_.reset();
    asker_.reset();
    for (Timer* timer : {&delay_timer_, &retry_timer_, &timeout_timer_}) timer->disarm();
    state_ = State::kWaiting;
    tries_ = 0;
    failing_ = false;
  }
  if (!settings_.enabled) {
    lose_all(SpanLoss::kShutdown);
    return;
  }
  make_queues();
  for (const auto& queue : queues_) queue->set_sample(settings_.sample);
  body_ = std::make_unique<OtlpBody>(settings_.resource, WOAD_VERSION);
  if (same_place) return;
  asker_ = context_.make_asker(settings_);
  if (batch_spans_ > 0) {
    try_batch();
  } else {
    wait_for_more();
  }
}

void OtlpExporter::make_queues() {
  if (!queues_.empty()) return;
  const size_t room = std::max<size_t>(1, settings_.max_queue / context_.workers);
  const size_t wake_at = std::min(settings_.max_batch, std::max<size_t>(1, room / 2));
  for (size_t i = 0; i < context_.workers; ++i) {
    queues_.push_back(std::make_unique<SpanQueue>(
        room, wake_at, [this] { context_.post([this] { on_delay_over(); }); }));
  }
}

SpanQueue* OtlpExporter::queue(size_t worker) {
  return asker_ == nullptr || state_ == State::kEnded ? nullptr : queues_[worker].get();
}

size_t OtlpExporter::waiting() const {
  size_t sum = 0;
  for (const auto& queue : queues_) sum += queue->size();
  return sum;
}

OtlpExporter::Counts OtlpExporter::counts() const {
  Counts counts = counts_;
  for (const auto& queue : queues_) {
    counts.lost[static_cast<size_t>(SpanLoss::kQueueFull)] += queue->dropped();
  }
  return counts;
}

void OtlpExporter::wait_for_more() {
  state_ = State::kWaiting;
  delay_timer_.arm(settings_.delay);
}

// Also when a worker's queue fills up.
void OtlpExporter::on_delay_over() {
  if (asker_ != nullptr && state_ == State::kWaiting) send_batch();
}

void OtlpExporter::send_batch() {
  const size_t first = first_queue_++;
  for (size_t i = 0; i < queues_.size(); ++i) {
    SpanQueue* const queue = queues_[(first + i) % queues_.size()].get();
    queue->begin_reading();
    while (body_->spans() < settings_.max_batch && body_->bytes() < kMaxBody) {
      const Span* span = queue->front();
      if (span == nullptr) break;
      body_->add(*span);
      queue->pop();
    }
  }
  if (body_->spans() == 0) return shut_down_ ? end() : wait_for_more();
  batch_spans_ = body_->spans();
  batch_ = body_->take();
  tries_ = 0;
  try_batch();
}

void OtlpExporter::try_batch() {
  delay_timer_.disarm();
  state_ = State::kSending;
  ++tries_;
  timeout_timer_.arm(settings_.timeout);
  HttpRequest request{.method = "POST",
                      .target = settings_.endpoint.target,
                      .headers = settings_.headers,
                      .body = batch_,
                      .timeout = Duration(0)};
  request.headers.emplace_back("content-type", "application/json");
  call_ = asker_->ask(std::move(request), kMostAnswer,
                      [this](const HttpAnswer& answer) { on_answer(answer); });
}

void OtlpExporter::on_answer(const HttpAnswer& answer) {
  call_.reset();
  timeout_timer_.disarm();
  judge(judge_otlp_answer(answer, context_.scheduler.wall()));
}

void OtlpExporter::on_timeout() {
  call_.reset();
  OtlpVerdict verdict;
  verdict.kind = OtlpVerdict::Kind::kTryAgain;
  verdict.why = "no answer within " + config::show(settings_.timeout);
  judge(verdict);
}

void OtlpExporter::judge(const OtlpVerdict& verdict) {
  if (verdict.kind == OtlpVerdict::Kind::kDelivered) {
    const auto rejected = std::min<uint64_t>(verdict.rejected, batch_spans_);
    lost(SpanLoss::kRejected) += rejected;
    counts_.delivered += batch_spans_ - rejected;
    batch_spans_ = 0;
    tell_success(verdict);
    return next();
  }
  tell_failure(verdict.why);
  if (verdict.kind == OtlpVerdict::Kind::kRefused) {
    lose_batch(SpanLoss::kRefused);
    next();
  } else if (shut_down_) {
    end();  // the collector is not there, and there is no time to wait for it
  } else if (tries_ == kMaxTries) {
    lose_batch(SpanLoss::kUndelivered);
    next();
  } else {
    back_off(verdict);
  }
}

void OtlpExporter::back_off(const OtlpVerdict& verdict) {
  state_ = State::kBackingOff;
  if (verdict.retry_after) {
    retry_timer_.arm(std::min(*verdict.retry_after, kLongestRetryAfter));
    return;
  }
  retry_timer_.arm(backoff(random_, kFirstBackoff, kLongestRetryAfter, tries_ - 1));
}

void OtlpExporter::lose_batch(SpanLoss loss) {
  lost(loss) += std::exchange(batch_spans_, 0);
  batch_ = std::string();
}

bool OtlpExporter::batch_is_due() const {
  const size_t spans = waiting();
  if (spans >= settings_.max_batch || (shut_down_ && spans > 0)) return true;
  return std::any_of(queues_.begin(), queues_.end(),
                     [](const auto& queue) { return queue->woken(); });
}

// After a batch.
void OtlpExporter::next() {
  state_ = State::kWaiting;
  if (batch_is_due()) {
    send_batch();
  } else if (shut_down_) {
    end();
  } else {
    wait_for_more();
  }
}

void OtlpExporter::lose_all(SpanLoss loss) {
  lose_batch(loss);
  for (const auto& queue : queues_) {
    queue->begin_reading();
    for (; queue->front() != nullptr; queue->pop()) ++lost(loss);
  }
}

void OtlpExporter::shut_down(std::function<void()> done) {
  if (asker_ == nullptr || shut_down_) return done();
  shut_down_ = std::move(done);
  delay_timer_.disarm();
  shutdown_timer_.arm(kShutdownLimit);
  if (state_ == State::kBackingOff) {
    retry_timer_.disarm();
    try_batch();
  } else if (state_ == State::kWaiting) {
    next();
  }
}

void OtlpExporter::end() {
  call_.reset();
  for (Timer* timer : {&retry_timer_, &timeout_timer_, &shutdown_timer_}) timer->disarm();
  state_ = State::kEnded;
  lose_all(SpanLoss::kShutdown);
  shut_down_();
}

void OtlpExporter::tell_failure(const std::string& why) {
  if (std::exchange(failing_, true)) return;
  log_warn("spans are not delivered", {{"collector", settings_.endpoint.authority}, {"why", why}});
}

void OtlpExporter::tell_success(const OtlpVerdict& verdict) {
  if (std::exchange(failing_, false)) {
    log_info("spans are delivered again", {{"collector", settings_.endpoint.authority}});
  }
  const MonoTime now = context_.scheduler.now();
  const bool told = told_rejected_ != MonoTime::min() && now - told_rejected_ < kTellEvery;
  if ((verdict.rejected == 0 && verdict.why.empty()) || told) return;
  told_rejected_ = now;
  log_warn("the collector does not take all spans",
           {{"rejected", std::to_string(verdict.rejected)}, {"why", verdict.why}});
}

}  // namespace woad
