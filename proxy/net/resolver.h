// Names to addresses, with the time for which the answer holds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"

namespace woad {

struct ResolvedName {
  // A and AAAA without duplicates; IPv4 first, then by value, so that equal answers compare equal.
  // Never empty.
  std::vector<Address> addresses;
  // The shortest TTL of the answer, at least Resolver::kShortestTtl.
  Duration ttl{};
};

// Asks /etc/hosts, then the servers of /etc/resolv.conf, without blocking the loop on the network.
// Its search list completes names, but not those that end with a dot: they are absolute. No cache:
// the caller re-asks by the TTL. One thread.
class Resolver {
 public:
  static constexpr Duration kShortestTtl = seconds(1);
  // Of numbers, localhost and /etc/hosts, which have none.
  static constexpr Duration kLocalTtl = seconds(60);
  static constexpr size_t kLongestName = 253;  // but for a final dot

  // The error is such as "price.shop: no such name".
  using Done = std::function<void(Result<ResolvedName>)>;

  // A question under way; destroying it means that nobody waits for the answer.
  class Ticket {
   public:
    virtual ~Ticket() = default;
  };

  explicit Resolver(Loop& loop);
  ~Resolver();

  // `done` is called once, from the loop and never inside this call; it may destroy the ticket and
  // the resolver. The addresses get `port`. With the resolver, questions end unanswered.
  std::unique_ptr<Ticket> resolve(const std::string& name, uint16_t port, Done done);

  // Asks this server ("127.0.0.1:5353") instead of those of /etc/resolv.conf.
  Result<void> use_server(const Address& server);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace woad
