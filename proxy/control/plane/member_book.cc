#include "proxy/control/plane/member_book.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace woad::control {

using Kind = ServiceFiles::Kind;

void MemberBook::write(const Registry::Key& who, const Member& member, Store::Done done) {
  store_.write({.key = member_key(who), .value = to_text(member)}, std::move(done));
}

bool MemberBook::note_poll(const Registry::Key& who, Duration heartbeat) {
  const WallTime now = scheduler_.wall();
  const Member* const known = view_.member(who.service, who.instance);
  const bool is_new = known == nullptr;
  if (!is_new && now - known->polled < heartbeat) return false;
  Member member = is_new ? Member() : *known;
  member.polled = now;
  if (is_new || store_.shared()) write(who, member, {});
  view_.set_member(who, std::move(member));
  return is_new;
}

void MemberBook::note_status(const Registry::Key& who, const Status& status,
                             const Distribution& files, std::function<void()> heard) {
  const FilePtr file = files.remembered(who.service, status.sha256);
  const FilePtr accepted = files.file(who.service, Kind::kAccepted);
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
  view_.set_member(who, member);
  if (view_.away()) {
    unwritten_->insert(who);
    heard();
  } else {
    write_status(who, member, std::move(heard));
  }
}

void MemberBook::write_status(const Registry::Key& who, const Member& member,
                              std::function<void()> heard) {
  write(who, member,
        [unwritten = unwritten_, who, heard = std::move(heard)](StoreOutcome outcome,
                                                                const std::string&) {
          if (outcome == StoreOutcome::kFailed) unwritten->insert(who);
          heard();
        });
}

void MemberBook::forget(const Registry::Key& who) {
  if (view_.member(who.service, who.instance) == nullptr) return;
  store_.write({.key = member_key(who), .value = std::nullopt}, {});
  view_.remove_member(who);
}

std::vector<Registry::Key> MemberBook::tick(const Distribution& waiting, const Settings& settings) {
  waiting.for_each_waiting([&](const std::string& service, const std::string& instance) {
    note_poll({service, instance}, settings.heartbeat);
  });
  if (!view_.away()) {
    for (const Registry::Key& who : std::exchange(*unwritten_, {})) {
      const Member* const member = view_.member(who.service, who.instance);
      if (member != nullptr) write_status(who, *member, [] {});
    }
  }
  const WallTime now = scheduler_.wall();
  std::vector<Registry::Key> gone;
  for (const auto& [service, records] : view_.services()) {
    for (const auto& [instance, member] : records.members) {
      if (now - std::max(member.polled, started_) > settings.lease) {
        gone.push_back({service, instance});
      }
    }
  }
  for (const Registry::Key& who : gone) forget(who);
  return gone;
}

}  // namespace woad::control
