#include "proxy/control/plane/service_files.h"

#include <algorithm>
#include <utility>

namespace woad::control {

void ServiceFiles::set_skeleton(Kind kind, const SkeletonPtr& skeleton) {
  Slot& mine = slot(kind);
  const auto id = [](const SkeletonPtr& of) { return of == nullptr ? std::string() : of->id(); };
  if (id(mine.skeleton) == id(skeleton)) return;
  // What was on its way is there.
  Slot& other = slot(kind == Kind::kAccepted ? Kind::kCandidate : Kind::kAccepted);
  if (id(other.skeleton) == id(skeleton) && other.file != nullptr) {
    mine = {
        .skeleton = skeleton, .file = other.file, .state = State::kStale, .bodies = other.bodies};
    std::erase_if(mine.bodies, [](const auto& body) { return body.second == nullptr; });
    if (other.state == State::kFresh) mine.state = State::kFresh;
  } else {
    mine = {.skeleton = skeleton, .file = nullptr, .state = State::kStale, .bodies = {}};
  }
  if (skeleton == nullptr) mine.state = State::kFresh;
  want(kind);
}

void ServiceFiles::set_instances(std::shared_ptr<const AllInstances> instances, bool concerns) {
  instances_ = std::move(instances);
  if (!concerns) return;
  for (Slot& each : slots_) {
    if (each.skeleton == nullptr) continue;
    each.state = each.state == State::kMaking || each.state == State::kStaleAgain
                     ? State::kStaleAgain
                     : State::kStale;
  }
}

void ServiceFiles::want(Kind kind) {
  if (slot(kind).state == State::kStale) make(kind);
}

bool ServiceFiles::uses(std::string_view service) const {
  return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& each) {
    if (each.skeleton == nullptr) return false;
    const auto& used = each.skeleton->uses();
    return std::any_of(used.begin(), used.end(),
                       [&](const Skeleton::Used& one) { return one.name == service; });
  });
}

void ServiceFiles::make(Kind kind) {
  Slot& mine = slot(kind);
  mine.state = State::kMaking;
  const auto made = std::make_shared<FilePtr>();
  jobs_.add([made, skeleton = mine.skeleton,
             instances = instances_] { *made = make_file(*skeleton, *instances); },
            [made, kind, skeleton = mine.skeleton, alive = weak_from_this()] {
              if (const auto self = alive.lock()) self->on_made(kind, skeleton, *made);
            });
}

void ServiceFiles::on_made(Kind kind, const SkeletonPtr& skeleton, const FilePtr& file) {
  Slot& mine = slot(kind);
  if (mine.skeleton != skeleton) return;
  if (mine.file == nullptr || mine.file->sha256 != file->sha256) {
    mine.file = file;
    mine.bodies.clear();
    remember(file);
  }
  const bool again = mine.state == State::kStaleAgain;
  mine.state = again ? State::kStale : State::kFresh;
  if (again) want(kind);
  changed_();
}

void ServiceFiles::remember(const FilePtr& file) {
  std::erase_if(remembered_, [&](const FilePtr& each) { return each->sha256 == file->sha256; });
  remembered_.push_back(file);
  size_t bytes = 0;
  for (const FilePtr& each : remembered_) bytes += each->packed.size();
  const auto too_many = [&] {
    return remembered_.size() > kRemembered || (remembered_.size() > 2 && bytes > kRememberedBytes);
  };
  while (too_many()) {
    bytes -= remembered_.front()->packed.size();
    remembered_.pop_front();
  }
}

const FilePtr& ServiceFiles::remembered(std::string_view sha256) const {
  static const FilePtr kNone;
  for (const Slot& each : slots_) {
    if (each.file != nullptr && each.file->sha256 == sha256) return each.file;
  }
  const auto found = std::find_if(remembered_.begin(), remembered_.end(),
                                  [&](const FilePtr& each) { return each->sha256 == sha256; });
  return found == remembered_.end() ? kNone : *found;
}

Coding ServiceFiles::choose(const Acceptance& acceptance, const File& file) const {
  const bool differs = acceptance.dictionary != file.sha256;
  if (acceptance.dcz && differs && remembered(acceptance.dictionary) != nullptr) {
    return {Coding::Kind::kDcz, acceptance.dictionary};
  }
  return {acceptance.zstd ? Coding::Kind::kZstd : Coding::Kind::kPlain, {}};
}

SharedBody ServiceFiles::body(Kind kind, const Coding& coding) {
  Slot& mine = slot(kind);
  const auto [at, is_new] = mine.bodies.try_emplace(coding);
  if (!is_new) return at->second;
  const auto encoded = std::make_shared<std::string>();
  const FilePtr dictionary = remembered(coding.dictionary);
  jobs_.add([encoded, dictionary, file = mine.file,
             of = coding.kind] { *encoded = encode(*file, of, dictionary); },
            [encoded, kind, coding, file = mine.file, alive = weak_from_this()] {
              if (const auto self = alive.lock()) self->on_encoded(kind, file, coding, *encoded);
            });
  return nullptr;
}

void ServiceFiles::on_encoded(Kind kind, const FilePtr& file, const Coding& coding,
                              std::string_view body) {
  Slot& mine = slot(kind);
  if (mine.file != file) return;
  mine.bodies[coding] = share_body(blocks_, body);
  changed_();
}

}  // namespace woad::control
