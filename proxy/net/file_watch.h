// Tells when a file has changed and is whole again, however it was changed: edited in place,
// replaced by a rename, or swapped behind a symlink as Kubernetes does with ConfigMaps and Secrets.
//
// Whole: its writer decides, by closing it, not a quiet time. An edit in place is told when nobody
// has the file open for writing any more; a rename and a swap, at once. So half a file is never
// told, however long its writer takes, but for two cases that base/whole_file.h has the rules of: a
// file that stays open and untouched for kAbandoned, and one of which neither the kernel nor the
// events say whether it is open: that is told once it was untouched for kQuiet.
//
// How a change is noticed: the folder is watched (a watch on a file alone goes blind with the first
// rename), and the file that the path leads to, in whatever folder that is. Every kPoll both are
// looked at all the same: that covers file systems without notification, symlinks on the way that
// are swapped, and a folder that was removed and made again. While somebody writes, every
// kPollWriting: that covers a close that no event tells of.
//
// What came in one turn of the loop is told once, at its end. One thread, the loop's; stat(2) and
// open(2) are called on it, so this is for the control loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "proxy/base/scheduler.h"
#include "proxy/base/whole_file.h"
#include "proxy/net/file_events.h"

namespace woad {

class FileWatch {
 public:
  static constexpr Duration kPoll = seconds(2);
  static constexpr Duration kPollWriting = milliseconds(200);

  // What a file that is gone means. A change is told once it has been gone for kPoll: who replaces
  // a file may take the old one away first, as editors do that keep it as their backup.
  enum class Gone { kNoChange, kChange };

  // `seen`: the file as it was when it was read, so that nothing since then is missed; without it,
  // the file as it is now is nothing new. `changed` is called when what the path leads to is not
  // what was seen last: another inode, size, or time of modification or of change, or bytes that
  // were written. It may destroy the watch.
  FileWatch(Scheduler& scheduler, FileEvents& events, std::string path,
            std::function<void()> changed, Gone gone = Gone::kNoChange,
            const std::optional<FileIdentity>& seen = std::nullopt);
  ~FileWatch();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace woad
