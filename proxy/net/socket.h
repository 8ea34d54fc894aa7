// Owned file descriptors, and what is asked of sockets in more than one place.
#pragma once

#include <string>
#include <utility>

#include "proxy/base/result.h"
#include "proxy/net/address.h"

namespace woad {

// Closes its descriptor. Movable; may be handed from thread to thread.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

// What an errno value means, in lower-case words without a final dot.
std::string error_words(int error);

// What [::]:P stands for. IPv6 alone: 0.0.0.0:P is another listener, beside it. Both: for what has
// one address and serves whoever asks; where the system has no IPv6 it is 0.0.0.0:P.
enum class AnyIPv6 { kAlone, kBoth };

// Where those who connect to a listener are; a loopback address has them here anyway.
enum class Clients { kAnywhere, kHere };

// A non-blocking listening socket with SO_REUSEADDR and SO_REUSEPORT, so that each worker has its
// own and a reload can open a second one before the first closes. The error names the address.
Result<Fd> listen_tcp(const Address& address, AnyIPv6 any = AnyIPv6::kAlone,
                      Clients clients = Clients::kAnywhere);

// Turns pacing off where it is the system's default (BBR), for a hop that stays in the machine:
// nothing is gained there, and a timer for each piece costs more CPU than copying it. Takes Reno
// (RFC 5681), which every kernel has and, other than CUBIC, lets every user take (tcp(7)). Call
// before listen() or connect() alone: a socket that was paced once stays so. Accepted sockets
// inherit it.
void skip_pacing(int fd);

// The pending error of a socket, cleared by asking; 0 for none.
int take_error(int fd);

// An error when something listens on the address already. listen_tcp() would share it with any
// process of this user; two sidecars that answer for each other at random are worse than an error.
Result<void> check_free(const Address& address, AnyIPv6 any = AnyIPv6::kAlone);

// Whether this network namespace has IPv6, at least a loopback address of it.
bool has_ipv6();

// The address a socket is bound to; not valid() when the kernel does not tell.
Address local_address(int fd);

}  // namespace woad
