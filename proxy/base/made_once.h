// Something that is made when it is first asked for, by whichever thread that is, and stays.
#pragma once

#include <atomic>
#include <memory>

namespace woad {

template <class T>
class MadeOnce {
 public:
  MadeOnce() = default;
  ~MadeOnce() { delete made_.load(std::memory_order_relaxed); }
  MadeOnce(const MadeOnce&) = delete;
  MadeOnce& operator=(const MadeOnce&) = delete;

  T& get() {
    T* known = made_.load(std::memory_order_acquire);
    if (known != nullptr) return *known;
    auto fresh = std::make_unique<T>();
    if (made_.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel)) {
      return *fresh.release();
    }
    return *known;  // another thread was first
  }

 private:
  std::atomic<T*> made_{nullptr};
};

}  // namespace woad
