// A Rollout with nothing real around it but the loading: the clock, the thread, the file, the name
// server and the workers are played by the test.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "filters/registry.h"
#include "proxy/server/rollout.h"

namespace woad::test {

class ManualBackground final : public Background {
 public:
  void run(std::function<void()> work, std::function<void()> done) override {
    WOAD_ASSERT(!busy());
    work_ = std::move(work);
    done_ = std::move(done);
  }
  bool busy() const { return done_ != nullptr; }
  // The work sees the world as it is when it begins, not when it was asked for.
  void begin() {
    if (work_ != nullptr) std::exchange(work_, nullptr)();
  }
  void finish() {
    begin();
    std::exchange(done_, nullptr)();
  }

 private:
  std::function<void()> work_;
  std::function<void()> done_;
};

class ManualFile final : public ConfigSource {
 public:
  LoadedConfig read(const LoadBasis& basis) override {
    ++reads;
    if (is_open) return being_written("woad.yaml", nullptr);
    config::LoadResult read = config::load_text(text, "woad.yaml", config::Environment::none());
    if (!read.ok()) return {read.config, nullptr, {}, read.diagnostics.text(), ""};
    return equip(compile_config(read.config, "woad.yaml", basis));
  }
  LoadedConfig compile(std::shared_ptr<const config::Config> config,
                       const LoadBasis& basis) override {
    ++compiles;
    if (certificate_is_open) return being_written("tls.key", std::move(config));
    return equip(compile_config(std::move(config), "woad.yaml", basis));
  }

  std::string text;
  TlsContext::Ptr certificate;
  bool is_open = false;  // for writing, by somebody
  bool certificate_is_open = false;
  int reads = 0;
  int compiles = 0;

 private:
  static LoadedConfig being_written(std::string name,
                                    std::shared_ptr<const config::Config> config) {
    return {std::move(config), nullptr, {}, "", std::move(name)};
  }
  // As if the file had named certificates.
  LoadedConfig equip(LoadedConfig loaded) const {
    if (loaded.snapshot == nullptr || certificate == nullptr) return loaded;
    auto& snapshot = const_cast<Snapshot&>(*loaded.snapshot);  // nobody else has it yet
    snapshot.tls.own.context = certificate;
    snapshot.tls.files = {"/no/such/tls.crt"};
    return loaded;
  }
};

class ManualNames {
 public:
  std::unique_ptr<Resolver::Ticket> ask(const std::string& name, Resolver::Done done) {
    asked[name] = {++questions_, std::move(done)};
    return std::make_unique<Question>(*this, name, questions_);
  }
  void answer(const std::string& name, const std::string& address) {
    ResolvedName resolved{{*Address::from_host(address, 0)}, seconds(60)};
    take(name)(std::move(resolved));
  }
  void fail(const std::string& name) { take(name)(Error{name + ": no such name"}); }

  struct Asked {
    int number = 0;
    Resolver::Done done;
  };
  std::map<std::string, Asked> asked;

 private:
  struct Question final : Resolver::Ticket {
    Question(ManualNames& all, std::string which, int count)
        : names(all), name(std::move(which)), number(count) {}
    ~Question() override {
      const auto found = names.asked.find(name);
      if (found != names.asked.end() && found->second.number == number) names.asked.erase(found);
    }
    ManualNames& names;
    std::string name;
    int number;
  };
  Resolver::Done take(const std::string& name) {
    const auto found = asked.find(name);
    REQUIRE(found != asked.end());
    Resolver::Done done = std::move(found->second.done);
    asked.erase(found);
    return done;
  }

  int questions_ = 0;
};

class ManualWorkers final : public Adopter {
 public:
  Result<void> adopt(const LoadedConfig& next, std::function<void()> done) override {
    for (const ListenerSpec& listener : next.snapshot->listeners) {
      if (listener.name == taken) return Error{taken + ": address already in use"};
    }
    ++adoptions;
    coming = next.snapshot;
    done_ = std::move(done);
    return {};
  }
  void on_start_failed(const std::string& errors) override { failed = errors; }
  bool waits_for_first() const override { return waits; }
  void on_judged(const std::string& hash, const std::string& errors) override {
    judged.push_back(hash + " " + (errors.empty() ? "good" : errors));
  }

  bool busy() const { return done_ != nullptr; }
  void finish() {
    serving = std::exchange(coming, nullptr);
    std::exchange(done_, nullptr)();
  }

  std::shared_ptr<const Snapshot> coming;
  std::shared_ptr<const Snapshot> serving;
  std::string taken;  // an address that another process listens on
  std::optional<std::string> failed;
  bool waits = false;               // for a first file
  std::vector<std::string> judged;  // "hash good", "hash errors"
  int adoptions = 0;

 private:
  std::function<void()> done_;
};

struct RolloutRig {
  explicit RolloutRig(const std::string& text = "") { file.text = text; }

  // The file is another one, and whoever watches it says so.
  void write(const std::string& text) {
    file.text = text;
    rollout.read_file();
  }
  // Whatever is under way, as long as it needs no time.
  void settle() {
    while (background.busy() || workers.busy()) {
      if (background.busy()) background.finish();
      if (workers.busy()) workers.finish();
    }
  }
  // Time goes by, and nothing that is due is late.
  void pass(Duration time) {
    const MonoTime end = scheduler.now() + time;
    settle();
    while (scheduler.timers().next_due() < end) {
      scheduler.advance(scheduler.timers().next_due());
      settle();
    }
    scheduler.advance(end);
    settle();
  }
  void start() {
    rollout.read_file();
    pass(NameService::kPatience);
    REQUIRE(workers.serving != nullptr);
  }

  std::string served() const { return workers.serving == nullptr ? "" : workers.serving->version; }
  // "success rejected unchanged"
  std::string counts() const {
    const ConfigStatus& now = rollout.status();
    return std::to_string(now.reloads_success) + " " + std::to_string(now.reloads_rejected) + " " +
           std::to_string(now.reloads_unchanged);
  }

  Loop loop;  // of file events that never come
  Scheduler scheduler{MonoTime(hours(1)), WallTime(hours(24 * 365 * 50))};
  FileEvents events{loop};
  ManualBackground background;
  ManualFile file;
  ManualNames name_server;
  ManualWorkers workers;
  NameService names{scheduler,
                    [this](const std::string& name, Resolver::Done done) {
                      return name_server.ask(name, std::move(done));
                    },
                    [this] { rollout.on_names_changed(); }};
  Certificates certificates{scheduler, events, [this] { rollout.on_certificates_changed(); }};
  Rollout rollout{{scheduler, background, file, names, certificates, workers},
                  filter_registry(),
                  "/etc/woad.yaml",
                  1};
};

// Files by their version: good ones, one with a name that nobody knows, one that is refused.
inline std::string good(const std::string& version, const std::string& port = "15001") {
  return "version: \"" + version +
         "\"\nnode: { service: cart }\noutbound:\n  - { address: 127.0.0.1:" + port +
         " }\nservices:\n  price: { endpoints: [{ address: 127.0.0.1:9001 }] }\n";
}
inline std::string named(const std::string& version, const std::string& name = "late.shop") {
  return good(version) + "  late: { endpoints: [{ address: \"" + name + ":80\" }] }\n";
}
inline std::string broken() { return good("broken") + "nonsense: 1\n"; }

}  // namespace woad::test
