#include "proxy/health/checked_endpoint.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "config/values.h"
#include "proxy/health/dial_probe.h"
#include "proxy/health/stream_probe.h"
#include "proxy/log/log.h"

namespace woad {
namespace {

// What is spoken to a service that says so, or is found out by ALPN; else HTTP/1.1.
Protocol protocol_of(const Service& service) {
  if (service.health_check->kind == HealthCheck::Kind::kGrpc) return Protocol::kHttp2;
  switch (service.protocol) {
    case UpstreamProtocol::kHttp1: return Protocol::kHttp11;
    case UpstreamProtocol::kHttp2: return Protocol::kHttp2;
    case UpstreamProtocol::kAuto:
    case UpstreamProtocol::kTcp:
    case UpstreamProtocol::kAsCame: break;
  }
  return service.channel->tls != nullptr ? Protocol::kHttp2 : Protocol::kHttp11;
}

std::string times(uint32_t count) {
  constexpr std::string_view kWords[] = {"",     "",       " twice", " three", " four", " five",
                                         " six", " seven", " eight", " nine",  " ten"};
  if (count < 3) return std::string(kWords[count]);
  if (count < std::size(kWords)) return std::string(kWords[count]) + " times";
  return " " + std::to_string(count) + " times";
}

}  // namespace

CheckedEndpoint::CheckedEndpoint(ProbeMeans& means, std::shared_ptr<const Service> service,
                                 const Endpoint& endpoint)
    : means_(means),
      service_(std::move(service)),
      endpoint_(&endpoint),
      timer_(means.pools.scheduler.timers(), bind_timer<&CheckedEndpoint::on_timer>(this)) {
  start_anew();
}

CheckedEndpoint::~CheckedEndpoint() { give_up_probe(); }

void CheckedEndpoint::update(std::shared_ptr<const Service> service, const Endpoint& endpoint) {
  const bool same = check() == *service->health_check;
  service_ = std::move(service);
  endpoint_ = &endpoint;
  if (same) return;
  give_up_probe();
  in_a_row_ = 0;
  start_anew();
}

// Somewhere in the first interval: many endpoints are not asked at once.
void CheckedEndpoint::start_anew() {
  next_ = now() + of_interval(means_.random.unit());
  timer_.arm(next_ - now());
}

Duration CheckedEndpoint::of_interval(double share) const {
  return Duration(static_cast<int64_t>(share * static_cast<double>(check().interval.count())));
}

void CheckedEndpoint::wait_for_next() {
  timer_.arm(std::max<Duration>(next_ - now(), TimerWheel::kTick));
}

void CheckedEndpoint::on_timer() {
  if (probe_ == nullptr) return on_due();
  const std::string question = probe_->question();
  probe_->give_up();
  on_probed({ProbeResult::Kind::kFailed,
             "no answer to " + question + " within " + config::show(check().timeout)});
}

void CheckedEndpoint::on_due() {
  next_ = now() + of_interval(1 - kJitter + 2 * kJitter * means_.random.unit());
  if (is_busy() && spared_ < kMostSpared) {
    ++spared_;
    count("spared");
    return wait_for_next();
  }
  spared_ = 0;
  probe_ = make_probe();
  timer_.arm(check().timeout);
  probe_->start();
}

// It has shown by real answers that it is well.
bool CheckedEndpoint::is_busy() const {
  return latest_good_ && !endpoint_->unhealthy() && !endpoint_->health->ejection.out() &&
         endpoint_->health->answered_since(now() - check().interval);
}

std::unique_ptr<Probe> CheckedEndpoint::make_probe() {
  ProbeOwner& self = *this;
  if (check().kind == HealthCheck::Kind::kTcp) {
    return std::make_unique<DialProbe>(means_.pools.dialer, means_.pools.scheduler, *endpoint_,
                                       service_->channel, self);
  }
  EndpointState& state = means_.connections.get(*endpoint_, service_->channel);
  return std::make_unique<StreamProbe>(state.pool(protocol_of(*service_)), means_.arenas, check(),
                                       self);
}

void CheckedEndpoint::bury_probe() { means_.pools.scheduler.defer_delete(std::move(probe_)); }

void CheckedEndpoint::give_up_probe() {
  if (probe_ == nullptr) return;
  probe_->give_up();
  bury_probe();
}

void CheckedEndpoint::on_probed(ProbeResult result) {
  bury_probe();
  wait_for_next();
  switch (result.kind) {
    case ProbeResult::Kind::kNotMade: return count("not_made");
    case ProbeResult::Kind::kGood: count("good"); return learn(true, result.what);
    case ProbeResult::Kind::kFailed: count("failed"); return learn(false, result.what);
  }
}

void CheckedEndpoint::count(std::string_view result) {
  WorkerMetrics& metrics = means_.metrics;
  metrics.count(kHealthChecks, {metrics.intern(service_->name()), metrics.intern(result)});
}

void CheckedEndpoint::learn(bool good, const std::string& what) {
  if (good != latest_good_) in_a_row_ = 0;
  all_the_same_ = in_a_row_ == 0 || (all_the_same_ && what == latest_);
  latest_good_ = good;
  latest_ = what;
  ++in_a_row_;
  const uint32_t enough = good ? check().healthy_after : check().unhealthy_after;
  if (good == endpoint_->unhealthy() && in_a_row_ >= enough) turn(good);
}

void CheckedEndpoint::turn(bool healthy) {
  endpoint_->check->tell(healthy);
  const std::string why = cause();
  const LogFields fields = {
      {"service", service_->name()}, {"endpoint", endpoint_->name}, {"why", why}};
  if (healthy) {
    log_info("an endpoint is healthy again: its checks are good", fields);
  } else {
    log_warn("an endpoint is unhealthy: its checks failed", fields);
  }
}

std::string CheckedEndpoint::cause() const {
  if (all_the_same_) return latest_ + times(in_a_row_);
  return std::to_string(in_a_row_) + " probes in a row, at last: " + latest_;
}

}  // namespace woad
