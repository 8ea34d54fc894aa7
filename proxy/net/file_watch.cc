#include "proxy/net/file_watch.h"

#include "proxy/base/timer_wheel.h"
#include "proxy/net/followed.h"

namespace woad {
namespace {

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

struct FileWatch::Impl final : TurnEnd {
  Impl(Scheduler& scheduler_in, FileEvents& events_in, std::string path_in,
       std::function<void()> changed_in, Gone gone_in, const std::optional<FileIdentity>& seen_in)
      : scheduler(scheduler_in),
        events(events_in),
        path(std::move(path_in)),
        changed(std::move(changed_in)),
        gone(gone_in),
        poll(scheduler.timers(), bind_timer<&Impl::compare>(this)) {
    follow();
    seen = seen_in ? seen_in : look_at(path);
    poll.arm(kPoll);
    if (seen_in) scheduler.at_turn_end(*this);
  }

  // Before the file is looked at: what changes after that look is told by an event.
  void follow() {
    const std::string above = folder_of(path);
    folder.follow(events, &FileEvents::of_folder, above, look_at(above),
                  [this](FileEvents::What) { scheduler.at_turn_end(*this); });
    const bool another = file.follow(events, &FileEvents::of_file, path, look_at(path),
                                     [this](FileEvents::What what) { on_file(what); });
    if (another) bytes = Bytes::kNone;
  }

  void on_file(FileEvents::What what) {
    if (what == FileEvents::What::kWritten) bytes = Bytes::kComing;
    if (what == FileEvents::What::kClosed && bytes == Bytes::kComing) bytes = Bytes::kCame;
    scheduler.at_turn_end(*this);
  }

  void on_turn_end() override { compare(); }

  // Last thing in an event: the callback may destroy this.
  void compare() {
    poll.arm(kPoll);
    events.read();  // else what is seen now would be told once more when they come
    follow();
    const std::optional<FileIdentity> now = look_at(path);
    if (now) {
      missed_since.reset();
    } else if (!missed_since) {
      missed_since = scheduler.now();
    }
    if (!differs(now)) return;
    if (now && is_open(*now)) {
      poll.arm(kPollWriting);
      return;
    }
    seen = now;
    bytes = Bytes::kNone;
    const std::function<void()> call = changed;
    call();
  }

  bool differs(const std::optional<FileIdentity>& now) const {
    if (!now) {
      return seen && gone == Gone::kChange && scheduler.now() - *missed_since >= kPoll;
    }
    // Times are as coarse as the kernel's tick, so equal ones prove nothing.
    return now != seen || bytes != Bytes::kNone;
  }

  // Where the kernel does not know, the events may.
  bool is_open(const FileIdentity& now) const {
    Writers writers = writers_of(path);
    if (writers == Writers::kUnknown && bytes != Bytes::kNone) {
      writers = bytes == Bytes::kComing ? Writers::kSome : Writers::kNone;
    }
    return is_being_written(writers, now.changed, scheduler.wall());
  }

  // Those written since a change was told.
  enum class Bytes : uint8_t { kNone, kComing, kCame };

  Scheduler& scheduler;
  FileEvents& events;
  std::string path;
  std::function<void()> changed;
  Gone gone;
  Followed folder;
  Followed file;
  std::optional<FileIdentity> seen;
  std::optional<MonoTime> missed_since;  // while it is not there
  Bytes bytes = Bytes::kNone;
  Timer poll;
};

FileWatch::FileWatch(Scheduler& scheduler, FileEvents& events, std::string path,
                     std::function<void()> changed, Gone gone,
                     const std::optional<FileIdentity>& seen)
    : impl_(std::make_unique<Impl>(scheduler, events, std::move(path), std::move(changed), gone,
                                   seen)) {}

FileWatch::~FileWatch() = default;

}  // namespace woad
