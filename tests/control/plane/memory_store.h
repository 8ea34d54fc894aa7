// A store in memory that replicas share, with a switch that takes it away.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "proxy/control/store/store.h"

namespace woad::control {

// What all replicas see.
class MemoryCluster {
 public:
  StoreEntries entries;
  uint64_t revision = 0;
  std::vector<StoreWatcher*> watchers;

  void put(const std::string& key, const std::string& value) {
    entries[key] = {value, ++revision, key};
    tell(key);
  }
  void remove(const std::string& key) {
    ++revision;
    entries.erase(key);
    tell(key);
  }
  // Watchers hear of what happens between these two at the second, as over a network.
  void hold() { holds_ = true; }
  void let_go() {
    holds_ = false;
    for (const std::string& key : std::exchange(held_, {})) tell(key);
  }

 private:
  void tell(const std::string& key) {
    if (holds_) return held_.push_back(key);
    const auto at = entries.find(key);
    for (StoreWatcher* const watcher : watchers) {
      watcher->on_changed(key, at == entries.end() ? nullptr : &at->second, revision);
    }
  }

  bool holds_ = false;
  std::vector<std::string> held_;
};

class MemoryStore final : public Store {
 public:
  MemoryStore(MemoryCluster& cluster, bool shared) : cluster_(cluster), shared_(shared) {}

  Result<void> start(StoreWatcher& watcher) override {
    watcher_ = &watcher;
    starting_ = true;
    return {};
  }
  void write(StoreWrite write, Done done) override {
    writes_.emplace_back(std::move(write), std::move(done));
  }
  bool shared() const override { return shared_; }
  bool discovers() const override { return discovers_; }

  void set_discovers() { discovers_ = true; }
  void set_away(const std::string& why) {
    away_ = !why.empty();
    if (!away_) watcher_->on_synced(cluster_.entries, cluster_.revision);
    watcher_->on_away(why);
  }

  // Does what waits; true: there was something.
  bool flush() {
    if (starting_) {
      starting_ = false;
      cluster_.watchers.push_back(watcher_);
      watcher_->on_synced(cluster_.entries, cluster_.revision);
      return true;
    }
    if (writes_.empty()) return false;
    const auto [write, done] = std::move(writes_.front());
    writes_.pop_front();
    const StoreOutcome outcome = apply(write);
    if (done) done(outcome, outcome == StoreOutcome::kFailed ? "it is away" : "");
    return true;
  }

 private:
  StoreOutcome apply(const StoreWrite& write) {
    if (away_) return StoreOutcome::kFailed;
    const auto at = cluster_.entries.find(write.key);
    const uint64_t revision = at == cluster_.entries.end() ? 0 : at->second.revision;
    const bool conflict =
        (write.condition == StoreWrite::If::kAbsent && revision != 0) ||
        (write.condition == StoreWrite::If::kRevision && revision != write.revision);
    if (conflict) return StoreOutcome::kConflict;
    if (write.value) {
      cluster_.put(write.key, *write.value);
    } else if (revision != 0) {
      cluster_.remove(write.key);
    }
    return StoreOutcome::kDone;
  }

  MemoryCluster& cluster_;
  bool shared_;
  bool discovers_ = false;
  bool away_ = false;
  bool starting_ = false;
  StoreWatcher* watcher_ = nullptr;
  std::deque<std::pair<StoreWrite, Done>> writes_;
};

}  // namespace woad::control
