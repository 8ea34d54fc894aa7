// Drives one filter by hand: a fake host, a manual clock, a fake service. For filter_test.cc files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/load.h"
#include "proxy/filter/filter.h"
#include "proxy/observe/metrics.h"
#include "tests/support/context_system.h"

namespace woad::test {

template <class F>
constexpr bool has_state() {
  return requires { typename F::State; };
}

// One exchange as filter F sees it. The filter is made at its first use, so set info and settings
// before; what is driven through `filter()` is F itself.
template <class F>
class FilterBench final : private FilterHost {
 public:
  using Settings = typename F::Settings;

  explicit FilterBench(Settings given = {}) : settings(std::move(given)) {
    info.request = &request;
    info.start = scheduler.now();
    info.start_wall = scheduler.wall();
    request.method_name = "GET";
    request.authority = "price";
    request.path = "/";
  }
  ~FilterBench() {
    if (filter_ != nullptr) filter_->~F();
  }

  F& filter() {
    if (filter_ == nullptr) filter_ = arena.make<F>(context_);
    return *filter_;
  }

  // A pool of `service` with one endpoint. All of them before the first is used.
  Pool& add_pool(std::string_view color, std::string_view tenant = "") {
    Pool& pool = service.pool_for(color, tenant);
    pool.endpoints.emplace_back().name = "10.0.0.1:80";
    pool.health = std::make_shared<PoolHealth>();
    return pool;
  }
  // Time goes by.
  void pass(Duration time) { scheduler.advance(scheduler.now() + time); }

  // The value of a request field, or "(none)"; twice the same name is an error of the test.
  std::string field(std::string_view name) const { return field_of(request.headers, name); }
  static std::string field_of(const Headers& headers, std::string_view name) {
    std::string all;
    for (const Header& each : headers) {
      if (lower_of(each.name) == name) all += (all.empty() ? "" : ",") + std::string(each.value);
    }
    return headers.find(name) == nullptr ? "(none)" : all;
  }

  Settings settings;
  ArenaPool arenas;
  Arena arena{arenas};
  Scheduler scheduler{MonoTime(hours(5)), WallTime(std::chrono::seconds(1'800'000'000))};
  Random random{7};
  WorkerMetrics metrics;
  ContextSystem contexts = make_context_system();
  ExchangeInfo info;
  RequestHead request{arena};
  ResponseHead response{arena};
  Service service{"price"};
  std::shared_ptr<void> state;      // given by the test, or made from the settings at first use
  int resumed = 0;                  // how often the filter called resume()
  std::optional<LocalReply> reply;  // the last that came from a timer

 private:
  static std::string lower_of(std::string_view text) {
    std::string low(text);
    for (char& c : low) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    return low;
  }

  const void* filter_settings(size_t) override { return &settings; }
  void* filter_state(size_t) override {
    if constexpr (has_state<F>()) {
      if (state == nullptr) state = std::make_shared<typename F::State>(settings);
    }
    return state.get();
  }
  void filter_resume() override { ++resumed; }
  void filter_reply(LocalReply given) override { reply = std::move(given); }

  FilterServices services_{scheduler, random, metrics, contexts, nullptr};
  FilterContext context_{*this, 0, info, arena, services_};
  F* filter_ = nullptr;
};

// What a decode of `yaml` gave: the errors as text ("" when there are none).
template <class Settings>
struct Decoded {
  Settings settings;
  std::string errors;
};

// The settings of F from YAML text, on top of `base`.
template <class F>
Decoded<typename F::Settings> decode(std::string yaml, typename F::Settings base = {}) {
  const auto text = std::make_shared<const std::string>(std::move(yaml));
  config::Diagnostics diagnostics("/etc/woad/test.yaml", text);
  const auto document = config::Document::parse(*text, config::Environment::none(), diagnostics);
  if (document != nullptr && diagnostics.ok()) {
    F::kTable.decode(document->root(), base, diagnostics);
  }
  return {std::move(base), diagnostics.ok() ? std::string() : diagnostics.text()};
}

}  // namespace woad::test
