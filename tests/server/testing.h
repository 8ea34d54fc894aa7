// Snapshots from text, and an admin backend whose every answer the test sets.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/load.h"
#include "filters/registry.h"
#include "proxy/admin/backend.h"
#include "proxy/snapshot/compile.h"

namespace woad {

inline std::shared_ptr<const Snapshot> snapshot_of(const std::string& text,
                                                   const Resolutions& resolutions = {}) {
  config::LoadResult loaded = config::load_text(text, "test.yaml", config::Environment::none());
  REQUIRE(loaded.config != nullptr);
  auto snapshot =
      compile(*loaded.config, filter_registry(), resolutions, {}, nullptr, 1, loaded.diagnostics);
  REQUIRE_MESSAGE(loaded.diagnostics.ok(), loaded.diagnostics.text());
  return snapshot;
}

// As woad.yaml in the tests of the admin endpoints.
inline constexpr char kShop[] = R"(version: "7"
node: { service: cart, instance: cart-1 }
outbound:
  - { address: 127.0.0.1:15001 }
services:
  price:
    endpoints:
      - { address: 127.0.0.1:9001 }
      - { address: 127.0.0.1:9002, labels: { color: red }, weight: 7 }
  empty: { endpoints: [] }
)";

class FakeBackend final : public AdminBackend {
 public:
  explicit FakeBackend(const std::string& text = kShop) : running(snapshot_of(text)) {
    status.version = running->version;
    status.hash = running->hash;
    status.source = "/etc/woad.yaml";
    status.loaded_at = WallTime(seconds(1'700'000'000) + milliseconds(250));
  }

  std::string not_ready() const override { return why_not_ready; }
  std::vector<std::string> warnings() override { return warning_lines; }
  ConfigStatus config_status() const override { return status; }
  std::shared_ptr<const Snapshot> snapshot() const override { return running; }
  MonoTime now() override { return MonoTime(); }
  WallTime wall() override { return status.loaded_at; }
  CertificateStatus certificate_status() const override { return certificates; }
  std::vector<ExtraFamily> process_metrics() override { return {}; }
  TapHub& taps() override { return hub; }
  void collect_metrics(std::function<void(MetricsSnapshot)> done) override {
    later([done = std::move(done)] { done({}); });
  }
  void collect_plaintext_callers(std::function<void(PlaintextCallers)> done) override {
    later([this, done = std::move(done)] { done(callers); });
  }
  void collect_endpoints(std::function<void(EndpointsActive)> done) override {
    later([this, done = std::move(done)] { done(active); });
  }
  void drain_inbound() override { ++drains; }
  bool set_log_level(const std::string& level) override {
    log_level = level;
    return level == "debug" || level == "info";
  }

  // What collect_… has promised; with `wait` false it is kept at once.
  void run_pending() {
    for (auto& task : std::exchange(pending, {})) task();
  }

  std::shared_ptr<const Snapshot> running;
  std::string why_not_ready;
  std::vector<std::string> warning_lines;
  ConfigStatus status;
  EndpointsActive active;
  CertificateStatus certificates;
  PlaintextCallers callers;
  std::string log_level;
  TapHub hub{[this] { ++wakes; }};
  int wakes = 0;
  int drains = 0;
  bool wait = false;
  std::vector<std::function<void()>> pending;

 private:
  void later(std::function<void()> task) {
    if (wait) {
      pending.push_back(std::move(task));
    } else {
      task();
    }
  }
};

}  // namespace woad
