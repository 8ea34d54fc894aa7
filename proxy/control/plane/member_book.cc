#include "proxy/control/plane/member_book.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace woad::control {

using Kind = ServiceFiles::Kind;

void MemberBook::write(const std::string& service, const std::string& instance,
                       const Member& member, Store::Done done) {
  store_.write({.key = member_key(service, instance), .value = to_text(member)}, std::move(done));
}

bool MemberBook::note_poll(const std::string& service, const std::string& instance,
                           Duration heartbeat) {
  const WallTime now = scheduler_.wall();
  const Member* const known = view_.member(service, instance);
  const bool is_new = known == nullptr;
  if (!is_new && now - known->polled < heartbeat) return false;
  Member member = is_new ? Member() : *known;
  member.polled = now;
  if (is_new || store_.shared()) write(service, instance, member, {});
  view_.set_member(service, instance, std::move(member));
  return is_new;
}

void MemberBook::note_status(const std::string& service, const std::string& instance,
                             const Status& status, const Distribution& files, Store::Done done) {
  const FilePtr file = files.remembered(service, status.sha256);
  const FilePtr accepted = files.file(service, Kind::kAccepted);
  Member member;
  member.outcome = status.outcome;
  member.sha256 = status.sha256;
  member.version = file == nullptr ? status.version : file->version;
  member.skeleton = file == nullptr ? std::string() : file->skeleton;
  member.told = member.polled = scheduler_.wall();
  if (status.outcome == Member::Outcome::kRejected) {
    member.error = status.error;
    if (accepted != nullptr) member.instead = accepted->sha256;
  }
  write(service, instance, member, std::move(done));
  view_.set_member(service, instance, std::move(member));
}

void MemberBook::forget(const std::string& service, const std::string& instance) {
  if (view_.member(service, instance) == nullptr) return;
  store_.write({.key = member_key(service, instance), .value = std::nullopt}, {});
  view_.remove_member(service, instance);
}

void MemberBook::tick(const Distribution& waiting, const Settings& settings,
                      StoreListener& listener) {
  waiting.for_each_waiting([&](const std::string& service, const std::string& instance) {
    note_poll(service, instance, settings.heartbeat);
  });
  const WallTime now = scheduler_.wall();
  std::vector<Registry::Key> gone;
  for (const auto& [service, records] : view_.services()) {
    for (const auto& [instance, member] : records.members) {
      if (now - std::max(member.polled, started_) > settings.lease) {
        gone.push_back({service, instance});
      }
    }
  }
  for (const auto& [service, instance] : gone) {
    forget(service, instance);
    listener.on_members(service);
  }
}

}  // namespace woad::control
