// What the kernel tells of files and folders (inotify), for one loop.
//
// One inotify instance serves all subscriptions: a user has 128 of them by default. Without one (no
// instance left, a kernel without inotify) every subscription is dead, and who subscribes has to
// look by himself. The loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proxy/net/loop.h"

namespace woad {

class FileEvents {
 public:
  enum class What {
    kChanged,  // a folder: names came or went; a file: its attributes
    kWritten,  // bytes of the file; its writer is still there
    kClosed,   // by one who had it open for writing
    kLost,     // events were dropped, or what was watched is gone
  };
  // Takes note and acts later, as at the end of the turn: it makes and ends no subscriptions.
  using On = std::function<void(What)>;

  // Ends with its death.
  class Subscription {
   public:
    virtual ~Subscription() = default;
    // False: nothing will be told (any more).
    virtual bool alive() const = 0;
  };

  explicit FileEvents(Loop& loop);
  ~FileEvents();  // after its subscriptions

  // Of the names in a folder: one came, went, took the place of another, or was written and closed.
  // Not of each write to a neighbour: that may be a log.
  std::unique_ptr<Subscription> of_folder(const std::string& path, On on);
  // Of the file that `path` leads to now, wherever that is.
  std::unique_ptr<Subscription> of_file(const std::string& path, On on);
  // Tells what happened until now, instead of later.
  void read();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace woad
