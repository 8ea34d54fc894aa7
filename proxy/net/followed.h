// A subscription to what a path leads to, which may become another thing. The loop's thread.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "proxy/base/whole_file.h"
#include "proxy/net/file_events.h"

namespace woad {

class Followed {
 public:
  using Subscribe = std::unique_ptr<FileEvents::Subscription> (FileEvents::*)(const std::string&,
                                                                              FileEvents::On);

  // `now`: what the path leads to now. True when it has become another one.
  bool follow(FileEvents& events, Subscribe subscribe, const std::string& path,
              const std::optional<FileIdentity>& now, const FileEvents::On& on) {
    const bool same = now && now->inode == inode_ && now->device == device_;
    if (same && subscription_ != nullptr && subscription_->alive()) return false;
    subscription_.reset();
    if (!now) return true;
    inode_ = now->inode;
    device_ = now->device;
    subscription_ = (events.*subscribe)(path, on);
    return !same;
  }

 private:
  std::unique_ptr<FileEvents::Subscription> subscription_;
  ino_t inode_ = 0;
  dev_t device_ = 0;
};

}  // namespace woad
