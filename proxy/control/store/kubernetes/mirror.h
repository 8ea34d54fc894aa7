// The objects of one kind, as a watch (watch.h) tells of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "proxy/control/store/kubernetes/objects.h"

namespace woad::control::kubernetes {

class ObjectSink {
 public:
  // A list of all begins; what is not among the objects that follow is gone by its end.
  virtual void on_list() = 0;
  virtual void on_listed() = 0;
  virtual void on_object(const Meta& meta, const Json& object) = 0;
  virtual void on_deleted(const Meta& meta) = 0;

 protected:
  ~ObjectSink() = default;
};

// What is kept of each, and who hears of changes in that.
template <class Kept>
class Mirror final : public ObjectSink {
 public:
  using Read = std::function<std::optional<Kept>(const Json& object)>;
  // Before the change is made, and after it; nullptr: there is none. `version` is that of the
  // object, or of its deletion where that is known, else 0.
  using Changed = std::function<void(const ObjectName& name, const Kept* before, const Kept* after,
                                     uint64_t version)>;

  Mirror(Read read, Changed changed) : read_(std::move(read)), changed_(std::move(changed)) {}

  const std::map<ObjectName, Kept>& all() const { return all_; }
  const Kept* find(const ObjectName& name) const {
    const auto found = all_.find(name);
    return found == all_.end() ? nullptr : &found->second;
  }

  void on_list() override {
    unseen_.clear();
    for (const auto& [name, kept] : all_) unseen_.insert(name);
  }
  void on_listed() override {
    for (const ObjectName& name : std::exchange(unseen_, {})) set(name, {}, 0);
  }
  void on_object(const Meta& meta, const Json& object) override {
    unseen_.erase(meta.name);
    set(meta.name, read_(object), meta.version);
  }
  void on_deleted(const Meta& meta) override { set(meta.name, {}, meta.version); }

 private:
  void set(const ObjectName& name, std::optional<Kept> kept, uint64_t version) {
    const auto found = all_.find(name);
    const bool known = found != all_.end();
    if (known ? kept && *kept == found->second : !kept) return;
    std::optional<Kept> before;
    if (known) before = std::move(found->second);
    const Kept* after = nullptr;
    if (kept) {
      after = &(all_[name] = std::move(*kept));
    } else {
      all_.erase(found);
    }
    changed_(name, before ? &*before : nullptr, after, version);
  }

  Read read_;
  Changed changed_;
  std::map<ObjectName, Kept> all_;
  std::set<ObjectName> unseen_;  // by the list under way
};

}  // namespace woad::control::kubernetes
