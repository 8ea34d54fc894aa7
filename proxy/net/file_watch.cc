#include "proxy/net/file_watch.h"

#include <sys/stat.h>

#include <algorithm>

#include "proxy/base/timer_wheel.h"
#include "proxy/net/handle.h"

namespace woad {
namespace {

struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  time_t seconds = 0;
  long nanoseconds = 0;

  bool operator==(const FileIdentity&) const = default;
};

// False when there is no such file.
bool look(const std::string& path, FileIdentity* identity) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return false;
  *identity = {found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec,
               found.st_mtim.tv_nsec};
  return true;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

struct FileWatch::Impl {
  Impl(Loop& loop_in, std::string path_in, std::function<void()> changed_in)
      : loop(loop_in),
        path(std::move(path_in)),
        folder(folder_of(path)),
        changed(std::move(changed_in)),
        poll(loop.scheduler().timers(), bind_timer<&Impl::on_poll>(this)),
        settle(loop.scheduler().timers(), bind_timer<&Impl::compare>(this)) {
    look(path, &seen);
    watch_folder();
    poll.arm(kPoll);
  }

  // Follows the folder of that name, which may have become another one.
  void watch_folder() {
    FileIdentity now;
    if (!look(folder, &now)) {
      events.reset();
      return;
    }
    if (events && now.inode == folder_seen.inode && now.device == folder_seen.device) return;
    folder_seen = now;
    events.reset();
    events = Handle<uv_fs_event_t>::make(
        this, [&](uv_fs_event_t* raw) { return uv_fs_event_init(loop.uv(), raw); });
    if (!events) return;
    const auto on_change = [](uv_fs_event_t* raw, const char*, int, int) {
      auto* self = owner_in_event<Impl>(raw);
      if (self != nullptr) self->on_event();
    };
    // Without notification (no inotify instances left, say) the poll has to do.
    if (uv_fs_event_start(events.get(), on_change, folder.c_str(), 0) != 0) events.reset();
  }

  void on_event() {
    const MonoTime now = loop.scheduler().now();
    if (!settle.armed()) settle_by = now + kSettleMax;
    settle.arm(std::min<Duration>(kSettle, settle_by - now));
  }

  void on_poll() {
    poll.arm(kPoll);
    watch_folder();
    if (!settle.armed()) compare();
  }

  // Last thing in an event: the callback may destroy this.
  void compare() {
    FileIdentity now;
    if (!look(path, &now) || now == seen) return;
    seen = now;
    watch_folder();
    const std::function<void()> call = changed;
    call();
  }

  Loop& loop;
  std::string path;
  std::string folder;
  std::function<void()> changed;
  FileIdentity seen;
  FileIdentity folder_seen;
  Handle<uv_fs_event_t> events;
  Timer poll;
  Timer settle;
  MonoTime settle_by{};
};

FileWatch::FileWatch(Loop& loop, std::string path, std::function<void()> changed)
    : impl_(std::make_unique<Impl>(loop, std::move(path), std::move(changed))) {}

FileWatch::~FileWatch() = default;

}  // namespace woad
