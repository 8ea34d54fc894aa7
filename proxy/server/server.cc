#include "proxy/server/server.h"

#include <signal.h>

#include <algorithm>

#include "proxy/log/log.h"

namespace woad {
namespace {

constexpr Duration kDrainPoll = milliseconds(50);

}  // namespace

Server::Server(ServerOptions options)
    : options_(std::move(options)),
      loader_(loop_, [this] { return running_; }),
      names_(loop_, [this] { on_names_changed(); }),
      taps_([this] { loop_.post([this] { taps_.notify(); }); }),
      admin_(loop_, blocks_, *this),
      certificates_(loop_, [this] { on_certificates_changed(); }),
      names_timer_(loop_.scheduler().timers(), bind_timer<&Server::on_names_wait_over>(this)),
      drain_timer_(loop_.scheduler().timers(), bind_timer<&Server::on_drain_delay_over>(this)),
      poll_timer_(loop_.scheduler().timers(), bind_timer<&Server::poll_active>(this)),
      tend_timer_(loop_.scheduler().timers(), bind_timer<&Server::tend>(this)) {
  status_.source = options_.config_path;
}

Server::~Server() = default;

int Server::run() {
  watch_signals();
  if (boot()) loop_.run();
  for (auto& worker : workers_) worker->stop_and_join();
  return exit_code_;
}

void Server::watch_signals() {
  const auto on = [this](int number, void (Server::*handler)()) {
    signals_.push_back(
        std::make_unique<Signal>(loop_, number, [this, handler] { (this->*handler)(); }));
  };
  on(SIGTERM, &Server::on_stop_signal);
  on(SIGINT, &Server::on_stop_signal);
  on(SIGHUP, &Server::reload);
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
  drain_deadline_ = loop_.scheduler().now() + drain_.timeout;
  log_info("stopping");
  // Inbound has been announced to for delay already, or is now.
  if (!drain_timer_.armed()) on_drain_delay_over();
}

void Server::drain_inbound() {
  if (state_ != State::kServing) return;
  state_ = State::kDraining;
  log_info("draining inbound");
  for (auto& worker : workers_) worker->begin_drain_inbound();
  drain_timer_.arm(std::min(drain_.delay, drain_.timeout));
}

void Server::on_drain_delay_over() {
  for (auto& worker : workers_) worker->close_inbound();
  if (state_ == State::kStopping) poll_active();
}

void Server::poll_active() {
  auto active = std::make_shared<size_t>(0);
  gather<size_t>(
      &Worker::ask_active, [active](size_t part) { *active += part; },
      [this, active] { on_active(*active); });
}

void Server::on_active(size_t active) {
  const bool over = loop_.scheduler().now() >= drain_deadline_;
  if (active > 0 && !over) {
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
  ContextTable& table = *running_->context.table;
  table.expire(now());
  if (const uint64_t conflicts = table.conflicts_to_report(now())) {
    log_warn("requests of different contexts had the same id, so it identifies neither",
             {{"requests", std::to_string(conflicts)}});
  }
  certificates_.log_ending(*running_, loop_.scheduler().wall());
  tend_timer_.arm(kTendEvery);
}

void Server::stop(int exit_code) {
  state_ = State::kStopped;
  exit_code_ = exit_code;
  if (exit_code == 0 && exporter_ != nullptr) {
    exporter_->shut_down([this] { loop_.stop(); });
  } else {
    loop_.stop();
  }
}

}  // namespace woad
