// A watcher that keeps what it is told, as a control plane would.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "proxy/control/store/store.h"

namespace woad::control::test {

struct Heard final : StoreWatcher {
  void on_synced(StoreEntries all, uint64_t revision) override {
    grows = grows && revision >= last;
    entries = std::move(all);
    last = revision;
    ++synced;
  }
  void on_changed(const std::string& key, const StoreEntry* entry, uint64_t revision) override {
    grows = grows && revision >= last && (entry == nullptr || entry->revision <= revision);
    last = revision;
    changed.push_back(key);
    if (entry == nullptr) {
      entries.erase(key);
    } else {
      entries[key] = *entry;
    }
  }
  void on_away(const std::string& why) override { away.push_back(why); }

  // "" where there is none.
  std::string value(std::string_view key) const {
    const auto found = entries.find(key);
    return found == entries.end() ? "" : found->second.value;
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    for (const auto& [key, entry] : entries) all.push_back(key);
    return all;
  }

  StoreEntries entries;
  std::vector<std::string> changed;
  std::vector<std::string> away;
  uint64_t last = 0;
  int synced = 0;
  bool grows = true;  // every revision was at least the one before
};

// What became of writes, in order.
struct Outcomes {
  Store::Done next() {
    return [this](StoreOutcome outcome, std::string why) {
      all.push_back(outcome);
      whys.push_back(std::move(why));
    };
  }
  std::vector<StoreOutcome> all;
  std::vector<std::string> whys;
};

}  // namespace woad::control::test
