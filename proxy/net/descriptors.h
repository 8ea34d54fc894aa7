// How the descriptors that a process may open are shared out, so that clients who take what they
// can get leave enough to answer them, and to look at the process meanwhile.
//
// The kernel gives the lowest free number, so a number tells how many are open: who is not to have
// all of them takes none from his bound on. A value; any thread.
#pragma once

#include <cstdint>
#include <limits>

namespace woad {

struct DescriptorShares {
  static constexpr int kAll = std::numeric_limits<int>::max();

  // Connections of clients: below this, half of what is free, for each of their requests may need a
  // connection of its own to the upstream.
  int clients = kAll;
  // Connections to upstreams: below this. What is left is for admin, files, names and telemetry.
  int upstreams = kAll;

  // Of a process that may open so many, and needs `taken` for itself.
  static DescriptorShares of(uint64_t limit, int taken);
};

// How many are open, when there are no gaps.
int descriptors_in_use();
// RLIMIT_NOFILE, as it is now.
uint64_t descriptor_limit();
// Raises it as far as the process may by itself (the soft limit to the hard one); what it is then.
uint64_t raise_descriptor_limit();

}  // namespace woad
