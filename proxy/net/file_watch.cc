#include "proxy/net/file_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

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

// Nothing when there is no such file.
std::optional<FileIdentity> look(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileIdentity{found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec,
                      found.st_mtim.tv_nsec};
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

struct FileWatch::Impl {
  Impl(Loop& loop_in, std::string path_in, std::function<void()> changed_in, Gone gone_in)
      : loop(loop_in),
        path(std::move(path_in)),
        folder(folder_of(path)),
        changed(std::move(changed_in)),
        gone(gone_in),
        seen(look(path)),
        poll(loop.scheduler().timers(), bind_timer<&Impl::on_poll>(this)),
        settle(loop.scheduler().timers(), bind_timer<&Impl::compare>(this)) {
    watch_folder();
    poll.arm(kPoll);
  }

  // Follows the folder of that name, which may have become another one.
  void watch_folder() {
    const std::optional<FileIdentity> now = look(folder);
    if (!now) {
      events.reset();
      return;
    }
    if (events && now->inode == folder_seen.inode && now->device == folder_seen.device) return;
    folder_seen = *now;
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
    const std::optional<FileIdentity> now = look(path);
    if (now == seen || (!now && gone == Gone::kNoChange)) return;
    seen = now;
    watch_folder();
    const std::function<void()> call = changed;
    call();
  }

  Loop& loop;
  std::string path;
  std::string folder;
  std::function<void()> changed;
  Gone gone;
  std::optional<FileIdentity> seen;
  FileIdentity folder_seen;
  Handle<uv_fs_event_t> events;
  Timer poll;
  Timer settle;
  MonoTime settle_by{};
};

FileWatch::FileWatch(Loop& loop, std::string path, std::function<void()> changed, Gone gone)
    : impl_(std::make_unique<Impl>(loop, std::move(path), std::move(changed), gone)) {}

FileWatch::~FileWatch() = default;

}  // namespace woad
