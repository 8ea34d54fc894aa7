// A loop on the test's thread, and real sockets of the test's own on the other end.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/buffer.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/net/loop.h"
#include "proxy/net/socket.h"
#include "proxy/net/tcp_transport.h"

namespace woad::test {

// Far above anything that happens; only a broken test waits for it.
inline constexpr Duration kDeadline = seconds(20);

class Expired {
 public:
  Expired(Loop& loop, Duration limit)
      : timer_(loop.scheduler().timers(), bind_timer<&Expired::on_timer>(this)) {
    timer_.arm(limit);
  }
  bool yes() const { return expired_; }

 private:
  void on_timer() { expired_ = true; }
  Timer timer_;
  bool expired_ = false;
};

// Wakes the loop each millisecond, for a peer that the test itself plays.
class Ticking {
 public:
  explicit Ticking(Loop& loop)
      : timer_(loop.scheduler().timers(), bind_timer<&Ticking::on_timer>(this)) {
    on_timer();
  }

 private:
  void on_timer() { timer_.arm(milliseconds(1)); }
  Timer timer_;
};

// Turns of the loop until `done()`; false when the deadline came first.
template <class F>
bool run_until(Loop& loop, F&& done, Duration limit = kDeadline) {
  Expired expired(loop, limit);
  const Ticking ticking(loop);
  while (!done()) {
    if (expired.yes()) return false;
    loop.run_once();
  }
  return true;
}

// How many turns the loop takes in that time when it has nothing to do but wait.
inline int turns_in(Loop& loop, Duration time) {
  Expired expired(loop, time);
  int turns = 0;
  while (!expired.yes()) {
    loop.run_once();
    ++turns;
  }
  return turns;
}

inline Address any_port() { return *Address::parse("127.0.0.1:0"); }

// The test's end of a connection: plain non-blocking calls.
class Peer {
 public:
  Peer() = default;
  explicit Peer(Fd socket) : socket_(std::move(socket)) {}

  static Peer connect(const Address& address, int receive_buffer = 0) {
    Fd socket(::socket(address.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0) {
      setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    if (::connect(socket.get(), address.raw(), address.raw_size()) != 0) return Peer();
    fcntl(socket.get(), F_SETFL, O_NONBLOCK);
    return Peer(std::move(socket));
  }

  int fd() const { return socket_.get(); }
  // What the kernel took.
  size_t send(std::string_view bytes) {
    const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<size_t>(sent);
  }
  // Everything that is there now.
  void receive(size_t most = SIZE_MAX) {
    char bytes[65536];
    while (most > 0) {
      const ssize_t count = ::recv(fd(), bytes, std::min(most, sizeof bytes), 0);
      if (count > 0) {
        received.append(bytes, static_cast<size_t>(count));
        most -= static_cast<size_t>(count);
        continue;
      }
      if (count == 0) eof = true;
      if (count < 0 && errno != EAGAIN) error = errno;
      return;
    }
  }
  void finish() { ::shutdown(fd(), SHUT_WR); }
  void close() { socket_.reset(); }
  void reset() {
    const struct ::linger hard { 1, 0 };
    setsockopt(fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }

  std::string received;
  bool eof = false;
  int error = 0;

 private:
  Fd socket_;
};

// Writes down what a transport tells.
class Recorder final : public TransportSink {
 public:
  void on_bytes(Slice bytes) override {
    received.append(bytes.view());
    sizes.push_back(bytes.size());
    if (keep) kept.push_back(std::move(bytes));
    if (action) action();
  }
  void on_eof() override { ++eofs; }
  void on_drained() override { ++drained; }
  void on_lost(std::string_view reason) override {
    ++losses;
    why = reason;
  }

  std::string received;
  std::vector<size_t> sizes;
  std::vector<Slice> kept;
  bool keep = false;
  std::function<void()> action;
  int eofs = 0;
  int drained = 0;
  int losses = 0;
  std::string why;
};

// A connected pair: a transport on a loop, and the test's end.
struct Pair {
  explicit Pair(int receive_buffer = 0) {
    Result<Fd> listener = listen_tcp(any_port());
    WOAD_ASSERT(listener);
    peer = Peer::connect(local_address(listener->get()), receive_buffer);
    pollfd waiting{listener->get(), POLLIN, 0};
    WOAD_ASSERT(::poll(&waiting, 1, 10'000) == 1);
    const int socket = ::accept4(listener->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    WOAD_ASSERT(socket >= 0);
    transport = make_tcp_transport(loop, blocks, socket, local_address(peer.fd()));
  }
  void write(std::string_view text) {
    Buffer data;
    data.append(blocks, text);
    transport->write(std::move(data));
  }

  BlockPool blocks;
  Loop loop;
  Peer peer;
  Recorder sink;
  std::unique_ptr<Transport> transport;
};

// Bytes whose order shows.
inline std::string pattern(size_t size) {
  std::string text(size, '\0');
  uint32_t value = 1;
  for (char& c : text) {
    value = value * 1664525 + 1013904223;
    c = static_cast<char>('a' + (value >> 24) % 26);
  }
  return text;
}

}  // namespace woad::test
