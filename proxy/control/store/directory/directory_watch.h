// Tells when documents in a folder have changed and are whole again, however they were changed:
// edited in place, replaced by a rename, checked out, or with the folder that a symlink leads to.
//
// The kernel's events say when to look (FileEvents), and every kPoll it is looked at all the same.
// A look comes kSettle after the last event, so that what was checked out together is told
// together, and a file that is replaced by removing it first is not told as gone. A file that
// somebody is writing stays as it was told (base/whole_file.h); one that is gone, for kGone.
// One thread, the loop's; files are read on it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxy/base/scheduler.h"
#include "proxy/base/whole_file.h"
#include "proxy/control/store/store.h"
#include "proxy/net/file_events.h"
#include "proxy/net/followed.h"

namespace woad::control {

struct DocumentChange {
  std::string key;
  std::optional<StoreEntry> entry;  // without a revision; nothing: it is gone
};

class DirectorySink {
 public:
  // After each look, also when nothing changed: what is not as it was told before. The first time
  // that is all there is, and then none of it is being written.
  virtual void on_documents(std::vector<DocumentChange> changes) = 0;
  // After each look at a folder that cannot be read; it stays as it was told.
  virtual void on_unreadable(const std::string& why) = 0;

 protected:
  ~DirectorySink() = default;
};

class DirectoryWatch {
 public:
  static constexpr Duration kPoll = seconds(2);
  static constexpr Duration kPollWriting = milliseconds(200);
  static constexpr Duration kSettle = milliseconds(100);
  // So long may events put a look off.
  static constexpr Duration kMostSettling = seconds(2);
  static constexpr Duration kGone = seconds(1);

  // All outlive it. The first look comes from the loop.
  DirectoryWatch(Scheduler& scheduler, FileEvents& events, std::string path, DirectorySink& sink);

 private:
  struct Told {
    std::optional<StoreEntry> entry;  // nothing: it was never whole
    std::optional<FileIdentity> file;
    std::optional<MonoTime> gone_since;
  };
  enum class Seen { kSame, kChanged, kBeingWritten };

  void on_event();
  void look();
  void follow();
  Seen see(const std::string& key, const std::string& file, Told& told);
  bool see_gone(Told& told) const;

  Scheduler& scheduler_;
  FileEvents& events_;
  const std::string path_;
  DirectorySink& sink_;
  Followed folder_;
  Followed services_;
  std::map<std::string, Told> told_;  // by key
  bool complete_ = false;             // all was told once
  std::optional<MonoTime> settling_since_;
  Timer next_;
};

}  // namespace woad::control
