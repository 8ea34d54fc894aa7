// RAII for libuv handles; seen by proxy/net alone.
//
// libuv frees nothing at once: a closed handle's memory must live until its close callback. So the
// memory is owned by libuv from reset() on, and `data`, which points to the owner, is cleared: an
// event that comes after that finds nobody.
#pragma once

#include <uv.h>

#include <utility>

#include "proxy/net/loop.h"

namespace woad {

template <class T>
class Handle {
 public:
  Handle() = default;
  Handle(Handle&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~Handle() { reset(); }

  // `init(T*)` is one of uv_*_init; the handle is empty when it fails.
  template <class Init>
  static Handle make(void* owner, Init&& init) {
    Handle handle;
    auto* raw = new T;
    if (init(raw) != 0) {
      delete raw;
      return handle;
    }
    raw->data = owner;
    handle.raw_ = raw;
    return handle;
  }

  explicit operator bool() const { return raw_ != nullptr; }
  T* get() const { return raw_; }
  void set_owner(void* owner) { raw_->data = owner; }

  void reset() {
    if (raw_ == nullptr) return;
    T* raw = std::exchange(raw_, nullptr);
    raw->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(raw),
             [](uv_handle_t* closed) { delete reinterpret_cast<T*>(closed); });
  }

 private:
  T* raw_ = nullptr;
};

// First line of every libuv callback. Begins the turn, which may fire timers; nullptr when one of
// them (or an event before this one) closed the handle.
template <class Owner, class T>
Owner* owner_in_event(T* handle) {
  static_cast<Loop*>(handle->loop->data)->begin_turn();
  return static_cast<Owner*>(handle->data);
}

inline Handle<uv_poll_t> make_poll(Loop& loop, int fd, void* owner) {
  return Handle<uv_poll_t>::make(owner,
                                 [&](uv_poll_t* raw) { return uv_poll_init(loop.uv(), raw, fd); });
}

}  // namespace woad
