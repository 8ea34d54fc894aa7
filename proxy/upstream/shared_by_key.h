// One object for each key, for as long as somebody holds it. Any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace woad {

template <class Key, class T>
class SharedByKey {
 public:
  std::shared_ptr<T> of(const Key& key) {
    const std::lock_guard lock(mutex_);
    if (known_.size() >= forget_at_) forget_unheld();
    std::weak_ptr<T>& known = known_[key];
    std::shared_ptr<T> object = known.lock();
    if (object == nullptr) {
      object = std::make_shared<T>();
      known = object;
    }
    return object;
  }
  // Those that somebody holds, and some that nobody holds any more.
  size_t size() const {
    const std::lock_guard lock(mutex_);
    return known_.size();
  }

 private:
  static constexpr size_t kFirstLook = 64;

  // At every doubling, so that an object pays for a few looks in its whole life.
  void forget_unheld() {
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    forget_at_ = std::max(kFirstLook, 2 * known_.size());
  }

  mutable std::mutex mutex_;
  std::unordered_map<Key, std::weak_ptr<T>> known_;
  size_t forget_at_ = kFirstLook;  // the size at which those that nobody holds are looked for
};

}  // namespace woad
