#include "proxy/server/server.h"

#include <signal.h>

#include <algorithm>
#include <cstdio>

#include "proxy/base/random.h"
#include "proxy/base/strings.h"
#include "proxy/log/log.h"

namespace woad {
namespace {

// Where admin listens until a file says it.
constexpr const char* kFirstAdmin = "127.0.0.1:15000";
constexpr Duration kDrainPoll = milliseconds(50);
// So many in a row with nothing under way, and the app is done.
constexpr int kQuietPolls = 10;

std::string why_no_file(const MemberStatus& member) {
  std::string why = "no configuration yet, the control plane is asked for the first";
  for (const std::string* const each : {&member.refused, &member.why}) {
    if (!each->empty()) return why + ": " + std::string(first_line(*each));
  }
  return why;
}

}  // namespace

Server::Server(const ServerOptions& options)
    : file_events_(loop_),
      resolver_(loop_),
      taps_([this] { loop_.post([this] { taps_.notify(); }); }),
      source_(options.config_path),
      background_(loop_),
      names_(
          loop_.scheduler(),
          [this](const std::string& name, Resolver::Done done) {
            return resolver_.resolve(name, 0, std::move(done));
          },
          [this] { rollout_.on_names_changed(); }),
      certificates_(loop_.scheduler(), file_events_,
                    [this] { rollout_.on_certificates_changed(); }),
      deployment_(loop_, blocks_, taps_,
                  [this](const AdminAddresses& addresses) { return admin_.apply(addresses); }),
      memory_watch_(loop_.scheduler(), deployment_.workers().memory(), memory_ceiling(),
                    memory_held),
      rollout_({loop_.scheduler(), background_, source_, names_, certificates_, *this},
               options.filters, options.config_path, random_seed()),
      backend_(
          {loop_.scheduler(), *this, rollout_, certificates_, deployment_, memory_watch_, taps_}),
      admin_(loop_, blocks_, backend_),
      watch_(
          loop_.scheduler(), file_events_, options.config_path, [this] { rollout_.read_file(); },
          FileWatch::Gone::kChange),
      drain_timer_(loop_.scheduler().timers(), bind_timer<&Server::on_drain_delay_over>(this)),
      poll_timer_(loop_.scheduler().timers(), bind_timer<&Server::poll_active>(this)),
      tend_timer_(loop_.scheduler().timers(), bind_timer<&Server::tend>(this)) {
  if (!options.member) return;
  member_ = std::make_unique<SidecarMember>(
      SidecarMember::Parts{loop_, blocks_, rollout_, deployment_}, options.config_path,
      options.filters, *options.member, random_seed(),
      SidecarMember::Beginning{
          [this] { await_first(); },
          [this](const std::string& why) { on_start_failed("woad: " + why + "\n"); }});
}

Server::~Server() = default;

int Server::run() {
  watch_signals();
  if (member_ == nullptr) {
    rollout_.read_file();
  } else {
    member_->member().start();
  }
  memory_watch_.start();
  loop_.run();
  deployment_.workers().stop_and_join();
  return exit_code_;
}

void Server::await_first() {
  const auto admin = admin_.apply({{AdminScope::kAll, *Address::parse(kFirstAdmin)}});
  if (!admin) {
    log_warn("there is no admin address until a configuration has come",
             {{"why", admin.error().message}});
  }
}

void Server::watch_signals() {
  const auto on = [this](int number, std::function<void()> handler) {
    signals_.push_back(std::make_unique<Signal>(loop_, number, std::move(handler)));
  };
  on(SIGTERM, [this] { on_stop_signal(); });
  on(SIGINT, [this] { on_stop_signal(); });
  on(SIGHUP, [this] { rollout_.read_file(); });
}

std::string Server::not_ready() const {
  switch (state_) {
    case State::kStarting:
      return member_ == nullptr ? "starting" : why_no_file(member_->member().status());
    case State::kServing: return "";
    default: return "draining";
  }
}

Result<void> Server::adopt(const LoadedConfig& next, std::function<void()> done) {
  return deployment_.adopt(next, [this, done = std::move(done)] {
    done();
    suspects_.adopt(*rollout_.snapshot());
    if (state_ == State::kStarting) state_ = State::kServing;
    if (!tend_timer_.armed()) tend_timer_.arm(kTendEvery);
  });
}

void Server::on_start_failed(const std::string& errors) {
  std::fputs(errors.c_str(), stderr);
  stop(1);
}

void Server::on_judged(const std::string& hash, const std::string& errors) {
  if (member_ != nullptr) member_->member().on_judged(hash, errors);
}

std::optional<MemberStatus> Server::member_status() const {
  return member_ == nullptr ? std::nullopt : std::optional(member_->member().status());
}

void Server::on_stop_signal() {
  switch (state_) {
    case State::kStarting: stop(0); return;
    case State::kServing:
    case State::kDraining: begin_drain(); return;
    default: stop(1); return;  // asked twice: at once
  }
}

void Server::begin_drain() {
  drain_inbound();
  state_ = State::kStopping;
  rollout_.stop();
  drain_deadline_ = loop_.scheduler().now() + deployment_.config()->drain.timeout;
  log_info("stopping");
  // Inbound has been announced to for delay already, or is now.
  if (!drain_timer_.armed()) on_drain_delay_over();
}

void Server::drain_inbound() {
  if (state_ != State::kServing) return;
  state_ = State::kDraining;
  log_info("draining inbound");
  if (member_ != nullptr) member_->member().leave();
  deployment_.workers().begin_drain_inbound();
  const config::Drain& drain = deployment_.config()->drain;
  drain_timer_.arm(std::min(drain.delay, drain.timeout));
}

void Server::on_drain_delay_over() {
  deployment_.workers().close(Direction::kInbound);
  if (state_ == State::kStopping) poll_active();
}

void Server::poll_active() {
  deployment_.workers().ask_active([this](size_t active) { on_active(active); });
}

void Server::on_active(size_t active) {
  if (state_ == State::kStopped) return;
  const MonoTime now = loop_.scheduler().now();
  quiet_polls_ = active > 0 ? 0 : quiet_polls_ + 1;
  if (state_ == State::kStopping &&
      (quiet_polls_ >= kQuietPolls || now >= drain_deadline_ - Listener::kLastRequest)) {
    state_ = State::kLeaving;
    deployment_.workers().close(Direction::kOutbound);
    poll_active();
    return;
  }
  const bool over = now >= drain_deadline_;
  if ((active > 0 || state_ == State::kStopping) && !over) {
    poll_timer_.arm(kDrainPoll);
    return;
  }
  if (active > 0) {
    log_warn("drain.timeout is over, what still runs is cut",
             {{"requests", std::to_string(active)}});
  }
  stop(0);
}

void Server::tend() {
  const Snapshot& running = *rollout_.snapshot();
  const MonoTime now = loop_.scheduler().now();
  ContextTable& table = *running.context.table;
  table.expire(now);
  if (const uint64_t conflicts = table.conflicts_to_report(now)) {
    log_warn("requests of different contexts had the same id, so it identifies neither",
             {{"requests", std::to_string(conflicts)}});
  }
  certificates_.log_ending(running, loop_.scheduler().wall());
  if (suspects_.any_over(now)) rollout_.on_endpoints_changed();
  tend_timer_.arm(kTendEvery);
}

void Server::stop(int exit_code) {
  state_ = State::kStopped;
  exit_code_ = exit_code;
  rollout_.stop();
  if (member_ != nullptr) member_->member().stop();
  OtlpExporter* exporter = deployment_.exporter();
  if (exit_code == 0 && exporter != nullptr) {
    exporter->shut_down([this] { loop_.stop(); });
  } else {
    loop_.stop();
  }
}

}  // namespace woad
