// `dir:PATH`: documents are the files of a folder, which are watched; records are files in its
// `.woad/`, read once and written by this one replica. The loop's thread; files are read and
// written on it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "proxy/control/store/directory/directory_watch.h"
#include "proxy/control/store/directory/record_folder.h"
#include "proxy/control/store/store.h"

namespace woad::control {

class DirectoryStore final : public Store, private DirectorySink, private TurnEnd {
 public:
  // Scheduler and events outlive it.
  DirectoryStore(Scheduler& scheduler, FileEvents& events, std::string path);

  // No error: a folder that is not there may come.
  Result<void> start(StoreWatcher& watcher) override;
  // A revision is wall time in milliseconds, and at least one more than the last.
  void write(StoreWrite write, Done done) override;
  bool shared() const override { return false; }
  bool discovers() const override { return false; }

 private:
  // DirectorySink
  void on_documents(std::vector<DocumentChange> changes) override;
  void on_unreadable(const std::string& why) override;
  // TurnEnd
  void on_turn_end() override;

  void sync(std::vector<DocumentChange> documents);
  std::pair<StoreOutcome, std::string> carry_out(StoreWrite& write);
  bool holds(const StoreWrite& write) const;
  void change(const std::string& key, std::optional<StoreEntry> entry);
  uint64_t next_revision();

  Scheduler& scheduler_;
  FileEvents& events_;
  const std::string path_;
  const RecordFolder records_;
  StoreWatcher* watcher_ = nullptr;
  StoreEntries entries_;
  uint64_t revision_ = 0;
  bool synced_ = false;
  std::string away_;  // why; "" while it can be read
  std::vector<std::pair<StoreWrite, Done>> pending_;
  std::optional<DirectoryWatch> watch_;
};

}  // namespace woad::control
