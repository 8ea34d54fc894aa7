// The files of one service: of the skeleton that everybody has, of the one that is on its way, and
// those of before, against which differences are sent. Each is made and encoded once, beside the
// loop, whatever the number of its readers. One thread, the loop's.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string_view>

#include "proxy/base/buffer.h"
#include "proxy/control/documents/skeleton.h"
#include "proxy/control/plane/coding.h"
#include "proxy/control/plane/file.h"
#include "proxy/control/plane/job_queue.h"
#include "proxy/web/handler.h"

namespace woad::control {

class ServiceFiles : public std::enable_shared_from_this<ServiceFiles> {
 public:
  enum class Kind : uint8_t { kAccepted, kCandidate };
  using Changed = std::function<void()>;

  // So many files are remembered, and so many bytes of them packed; always the one before.
  static constexpr size_t kRemembered = 8;
  static constexpr size_t kRememberedBytes = size_t{1} << 20;

  // `changed`: a file or an encoding is there; from the loop. All outlive this; the work that is
  // under way does not hold it.
  ServiceFiles(JobQueue& jobs, BlockPool& blocks, Changed changed)
      : jobs_(jobs), blocks_(blocks), changed_(std::move(changed)) {}

  // nullptr: there is none of that kind.
  void set_skeleton(Kind kind, const SkeletonPtr& skeleton);
  // What files are made of from now on. `concerns`: those that are there are out of date.
  void set_instances(std::shared_ptr<const AllInstances> instances, bool concerns);
  // Makes the file anew if it is out of date.
  void want(Kind kind);

  const SkeletonPtr& skeleton(Kind kind) const { return slot(kind).skeleton; }
  bool uses(std::string_view service) const;
  // The latest one made of this skeleton; nullptr: none yet.
  const FilePtr& file(Kind kind) const { return slot(kind).file; }
  // Up to date.
  bool fresh(Kind kind) const { return slot(kind).state == State::kFresh; }
  // nullptr: not remembered.
  const FilePtr& remembered(std::string_view sha256) const;
  // The best way that the client takes.
  Coding choose(const Acceptance& acceptance, const File& file) const;
  // The file's body; nullptr: it is being made, and `changed` tells.
  SharedBody body(Kind kind, const Coding& coding);

 private:
  enum class State : uint8_t { kStale, kMaking, kStaleAgain, kFresh };

  struct Slot {
    SkeletonPtr skeleton;
    FilePtr file;
    State state = State::kFresh;
    std::map<Coding, SharedBody> bodies;  // nullptr: being made
  };

  Slot& slot(Kind kind) { return slots_[static_cast<size_t>(kind)]; }
  const Slot& slot(Kind kind) const { return slots_[static_cast<size_t>(kind)]; }
  void make(Kind kind);
  void on_made(Kind kind, const SkeletonPtr& skeleton, const FilePtr& file);
  void on_encoded(Kind kind, const FilePtr& file, const Coding& coding, std::string_view body);
  void remember(const FilePtr& file);

  JobQueue& jobs_;
  BlockPool& blocks_;
  Changed changed_;
  std::shared_ptr<const AllInstances> instances_ = std::make_shared<const AllInstances>();
  std::array<Slot, 2> slots_;
  std::deque<FilePtr> remembered_;  // newest last
};

}  // namespace woad::control
