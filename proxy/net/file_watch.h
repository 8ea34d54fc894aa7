// Tells when a file has changed, however it was changed: edited in place, replaced by a rename, or
// swapped behind a symlink as Kubernetes does with ConfigMaps and Secrets.
//
// The folder is watched, not the file (a watch on the file goes blind with the first rename), and
// every kPoll the resolved file is looked at all the same: that covers symlinks to elsewhere, file
// systems without notification, and a folder that was removed and made again. One thread, the
// loop's; stat(2) is called on it, so this is for the control loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proxy/base/time.h"
#include "proxy/net/loop.h"

namespace woad {

class FileWatch {
 public:
  static constexpr Duration kPoll = seconds(2);
  // After an event the file is left alone until nothing happened for kSettle, at most kSettleMax:
  // writers need several steps.
  static constexpr Duration kSettle = milliseconds(150);
  static constexpr Duration kSettleMax = seconds(1);

  // What a file that is gone, after kSettle, means.
  enum class Gone { kNoChange, kChange };

  // `changed` is called when inode, size or modification time of the resolved file differ from
  // what was seen last. It may destroy the watch.
  FileWatch(Loop& loop, std::string path, std::function<void()> changed,
            Gone gone = Gone::kNoChange);
  ~FileWatch();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace woad
