#include "proxy/control/store/directory/directory_watch.h"

#include <algorithm>
#include <utility>

#include "proxy/control/store/directory/directory.h"

namespace woad::control {
namespace {

// Times are as coarse as the kernel's tick, so a file that changed within this may change once more
// and look the same.
constexpr Duration kTick = milliseconds(20);

bool just_changed(const FileIdentity& file) {
  const WallTime now = std::chrono::system_clock::now();
  return file.changed <= now && now - file.changed < kTick;
}

}  // namespace

DirectoryWatch::DirectoryWatch(Scheduler& scheduler, FileEvents& events, std::string path,
                               DirectorySink& sink)
    : scheduler_(scheduler),
      events_(events),
      path_(std::move(path)),
      sink_(sink),
      next_(scheduler.timers(), bind_timer<&DirectoryWatch::look>(this)) {
  next_.arm({});
}

void DirectoryWatch::on_event() {
  if (!settling_since_) settling_since_ = scheduler_.now();
  const Duration left = *settling_since_ + kMostSettling - scheduler_.now();
  next_.arm(std::clamp(left, Duration{}, kSettle));
}

// Before the files are looked at: what changes after that look is told by an event.
void DirectoryWatch::follow() {
  const auto on = [this](FileEvents::What) { on_event(); };
  folder_.follow(events_, &FileEvents::of_folder, path_, look_at(path_), on);
  const std::string services = path_ + "/services";
  services_.follow(events_, &FileEvents::of_folder, services, look_at(services), on);
}

void DirectoryWatch::look() {
  events_.read();  // else what is seen now would be told once more when they come
  settling_since_.reset();
  next_.arm(kPoll);
  follow();
  const Result<std::map<std::string, std::string>> files = list_directory(path_);
  if (!files) return sink_.on_unreadable(files.error().message);

  std::vector<DocumentChange> changes;
  bool unsettled = false;
  for (const auto& [key, file] : *files) {
    const Seen seen = see(key, file, told_[key]);
    unsettled = unsettled || seen == Seen::kBeingWritten;
    if (seen == Seen::kChanged) changes.push_back({key, told_[key].entry});
  }
  for (auto each = told_.begin(); each != told_.end();) {
    Told& told = each->second;
    const bool listed = files->contains(each->first) && told.file;
    if (listed) told.gone_since.reset();
    if (listed || !see_gone(told)) {
      unsettled = unsettled || told.gone_since;
      ++each;
      continue;
    }
    if (told.entry) changes.push_back({each->first, std::nullopt});
    each = told_.erase(each);
  }
  if (unsettled) next_.arm(kPollWriting);
  if (unsettled && !complete_) {
    for (const DocumentChange& change : changes) told_.erase(change.key);
    return;
  }
  complete_ = true;
  sink_.on_documents(std::move(changes));
}

DirectoryWatch::Seen DirectoryWatch::see(const std::string& key, const std::string& file,
                                         Told& told) {
  const std::optional<FileIdentity> now = look_at(file);
  if (now && now == told.file) return Seen::kSame;
  std::optional<DocumentFile> read = read_document(key, file);
  if (!read) {
    told.file.reset();
    return Seen::kSame;
  }
  if (!read->whole || (now && just_changed(*now))) return Seen::kBeingWritten;
  told.file = now ? now : FileIdentity{};
  const bool same = told.entry && told.entry->value == read->entry.value &&
                    told.entry->error == read->entry.error;
  if (same) return Seen::kSame;
  told.entry = std::move(read->entry);
  return Seen::kChanged;
}

// True when it has been gone for long enough.
bool DirectoryWatch::see_gone(Told& told) const {
  if (!told.entry) return true;
  if (!told.gone_since) told.gone_since = scheduler_.now();
  return scheduler_.now() - *told.gone_since >= kGone;
}

}  // namespace woad::control
