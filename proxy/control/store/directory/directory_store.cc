#include "proxy/control/store/directory/directory_store.h"

#include <algorithm>

#include "proxy/control/store/keys.h"

namespace woad::control {
DirectoryStore::DirectoryStore(Scheduler& scheduler, FileEvents& events, std::string path)
    : scheduler_(scheduler), events_(events), path_(std::move(path)), records_(path_ + "/.woad") {}

Result<void> DirectoryStore::start(StoreWatcher& watcher) {
  watcher_ = &watcher;
  DirectorySink& self = *this;
  watch_.emplace(scheduler_, events_, path_, self);
  return {};
}

void DirectoryStore::on_documents(std::vector<DocumentChange> changes) {
  if (!synced_) return sync(std::move(changes));
  if (!std::exchange(away_, {}).empty()) watcher_->on_away({});
  for (DocumentChange& each : changes) change(each.key, std::move(each.entry));
}

void DirectoryStore::sync(std::vector<DocumentChange> documents) {
  for (DocumentChange& each : documents) {
    if (each.entry) entries_[each.key] = std::move(*each.entry);
    if (!each.entry) entries_.erase(each.key);
  }
  Result<std::map<std::string, std::string>> records = records_.read();
  if (!records) return on_unreadable(records.error().message);
  revision_ = next_revision();
  for (auto& [key, text] : *records) {
    entries_[key] = {.value = std::move(text), .revision = 0, .origin = key};
  }
  for (auto& [key, entry] : entries_) entry.revision = revision_;
  synced_ = true;
  if (!std::exchange(away_, {}).empty()) watcher_->on_away({});
  watcher_->on_synced(entries_, revision_);
}

void DirectoryStore::on_unreadable(const std::string& why) {
  if (why == away_) return;
  away_ = why;
  watcher_->on_away(why);
}

void DirectoryStore::write(StoreWrite write, Done done) {
  pending_.emplace_back(std::move(write), std::move(done));
  scheduler_.at_turn_end(*this);
}

void DirectoryStore::on_turn_end() {
  for (auto& [write, done] : std::exchange(pending_, {})) {
    auto [outcome, why] = carry_out(write);
    if (done) done(outcome, std::move(why));
  }
}

std::pair<StoreOutcome, std::string> DirectoryStore::carry_out(StoreWrite& write) {
  if (!is_record(write.key)) return {StoreOutcome::kFailed, write.key + " is only read"};
  if (!synced_) return {StoreOutcome::kFailed, away_.empty() ? path_ + " is not read yet" : away_};
  if (!holds(write)) return {StoreOutcome::kConflict, {}};
  const Result<void> kept =
      write.value ? records_.put(write.key, *write.value) : records_.remove(write.key);
  if (!kept) return {StoreOutcome::kFailed, kept.error().message};
  std::optional<StoreEntry> entry;
  if (write.value) {
    entry = StoreEntry{.value = std::move(*write.value), .revision = 0, .origin = write.key};
  }
  change(write.key, std::move(entry));
  return {StoreOutcome::kDone, {}};
}

bool DirectoryStore::holds(const StoreWrite& write) const {
  const auto found = entries_.find(write.key);
  switch (write.condition) {
    case StoreWrite::If::kAlways: return true;
    case StoreWrite::If::kAbsent: return found == entries_.end();
    case StoreWrite::If::kRevision:
      return found != entries_.end() && found->second.revision == write.revision;
  }
  return false;
}

void DirectoryStore::change(const std::string& key, std::optional<StoreEntry> entry) {
  if (!entry && entries_.erase(key) == 0) return;
  revision_ = next_revision();
  if (!entry) return watcher_->on_changed(key, nullptr, revision_);
  entry->revision = revision_;
  const StoreEntry& kept = entries_[key] = std::move(*entry);
  watcher_->on_changed(key, &kept, revision_);
}

uint64_t DirectoryStore::next_revision() {
  const auto wall = std::chrono::duration_cast<milliseconds>(scheduler_.wall().time_since_epoch());
  return std::max(revision_ + 1, static_cast<uint64_t>(std::max<int64_t>(wall.count(), 0)));
}

}  // namespace woad::control
