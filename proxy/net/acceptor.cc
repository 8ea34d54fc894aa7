#include "proxy/net/acceptor.h"

#include <fcntl.h>

#include <cerrno>

#include "proxy/base/timer_wheel.h"
#include "proxy/net/handle.h"
#include "proxy/net/socket.h"

namespace woad {

struct Acceptor::Impl {
  Impl(Loop& loop_in, Fd listener_in, Accepted accepted_in)
      : loop(loop_in),
        listener(std::move(listener_in)),
        accepted(std::move(accepted_in)),
        address(local_address(listener.get())),
        pause(loop.scheduler().timers(), bind_timer<&Impl::watch>(this)) {
    reserve();
    poll = make_poll(loop, listener.get(), this);
    WOAD_ASSERT(poll);
    watch();
  }

  void reserve() { spare = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

  void watch() {
    uv_poll_start(poll.get(), UV_READABLE, [](uv_poll_t* raw, int status, int) {
      auto* self = owner_in_event<Impl>(raw);
      if (self == nullptr) return;
      if (status < 0) {
        self->wait();
      } else {
        self->take_batch();
      }
    });
  }

  void wait() {
    uv_poll_stop(poll.get());
    pause.arm(kBackoff);
  }

  void take_batch() {
    const uv_poll_t* const alive = poll.get();
    for (int i = 0; i < kBatch && alive->data != nullptr; ++i) {
      sockaddr_storage raw{};
      socklen_t size = sizeof raw;
      Fd socket(::accept4(listener.get(), reinterpret_cast<sockaddr*>(&raw), &size,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.valid()) {
        accepted(socket.release(), Address(raw));
        continue;
      }
      // Errors of the one connection (it was reset in the queue) are passed over; accept(2).
      if (errno == EAGAIN) return;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        shed_one();
        wait();
        return;
      }
    }
  }

  void shed_one() {
    if (!spare.valid()) {
      reserve();
      return;
    }
    spare.reset();
    Fd dropped(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (dropped.valid()) ++shed;
    dropped.reset();
    reserve();
  }

  Loop& loop;
  Fd listener;
  Accepted accepted;
  Address address;
  Timer pause;
  Handle<uv_poll_t> poll;
  Fd spare;  // given up to be able to take a connection when descriptors have run out
  uint64_t shed = 0;
};

Acceptor::Acceptor(Loop& loop, int listener, Accepted accepted)
    : impl_(std::make_unique<Impl>(loop, Fd(listener), std::move(accepted))) {}

Acceptor::~Acceptor() = default;

const Address& Acceptor::address() const { return impl_->address; }

uint64_t Acceptor::shed() const { return impl_->shed; }

}  // namespace woad
