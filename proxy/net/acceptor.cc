#include "proxy/net/acceptor.h"

#include <fcntl.h>

#include <cerrno>

#include "proxy/base/timer_wheel.h"
#include "proxy/net/handle.h"
#include "proxy/net/socket.h"

namespace woad {

namespace {

bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

struct Acceptor::Impl {
  Impl(Loop& loop_in, Fd listener_in, Accepted accepted_in, int share_in)
      : loop(loop_in),
        listener(std::move(listener_in)),
        accepted(std::move(accepted_in)),
        share(share_in),
        address(local_address(listener.get())),
        pause(loop.scheduler().timers(), bind_timer<&Impl::go_on>(this)) {
    keep_reserve();
    poll = make_poll(loop, listener.get(), this);
    WOAD_ASSERT(poll);
    watch();
  }

  void keep_reserve() {
    if (share == DescriptorShares::kAll && !reserve.valid()) {
      reserve = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
  }

  void watch() {
    uv_poll_start(poll.get(), UV_READABLE, [](uv_poll_t* raw, int status, int) {
      auto* self = owner_in_event<Impl>(raw);
      if (self == nullptr) return;
      if (status < 0) {
        self->wait();
      } else {
        self->take_at_most(kBatch);
      }
    });
  }

  void wait() {
    uv_poll_stop(poll.get());
    pause.arm(kBackoff);
  }

  void go_on() {
    keep_reserve();
    if (held.valid() && !release_held()) {
      pause.arm(kBackoff);
      return;
    }
    const uv_poll_t* const alive = poll.get();
    if (held.valid()) accepted(held.release(), held_peer);
    if (alive->data != nullptr) watch();
  }

  // One came at a number that is not ours to take. It waits here, as the others do in the queue,
  // until there is a lower one. True: there is.
  bool release_held() {
    Fd lower(::fcntl(held.get(), F_DUPFD_CLOEXEC, 0));
    if (!lower.valid() || lower.get() >= share) return false;
    held = std::move(lower);
    return true;
  }

  Fd take(Address& peer) {
    sockaddr_storage raw{};
    socklen_t size = sizeof raw;
    Fd socket(::accept4(listener.get(), reinterpret_cast<sockaddr*>(&raw), &size,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.valid()) peer = Address(raw);
    return socket;
  }

  // False: nobody waits, or there is no descriptor to take them with. The callback may have
  // destroyed this.
  bool take_next() {
    Address peer;
    Fd socket = take(peer);
    if (!socket.valid() && is_shortage(errno)) {
      wait();
      if (!reserve.valid()) return false;
      reserve.reset();
      socket = take(peer);
      if (socket.valid()) accepted(socket.release(), peer);
      return false;
    }
    if (socket.get() >= share) {
      held = std::move(socket);
      held_peer = peer;
      wait();
      return false;
    }
    if (!socket.valid()) return errno != EAGAIN;  // else it was reset in the queue: accept(2)
    accepted(socket.release(), peer);
    return true;
  }

  void take_at_most(int count) {
    const uv_poll_t* const alive = poll.get();
    for (int i = 0; i < count && alive->data != nullptr; ++i) {
      if (!take_next()) return;
    }
  }

  Loop& loop;
  Fd listener;
  Accepted accepted;
  const int share;
  Address address;
  Timer pause;
  Handle<uv_poll_t> poll;
  Fd reserve;  // given up to be able to take a connection when there is no other descriptor
  Fd held;     // accepted, and not served yet
  Address held_peer;
};

Acceptor::Acceptor(Loop& loop, int listener, Accepted accepted, int share)
    : impl_(std::make_unique<Impl>(loop, Fd(listener), std::move(accepted), share)) {}

Acceptor::~Acceptor() = default;

void Acceptor::take_waiting() { impl_->take_at_most(kQueue); }

const Address& Acceptor::address() const { return impl_->address; }

}  // namespace woad
