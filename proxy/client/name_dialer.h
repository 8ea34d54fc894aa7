// A Dialer to one host and port: its name is looked up for each connection, and its addresses are
// tried one after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "proxy/net/resolver.h"
#include "proxy/upstream/dialer.h"

namespace woad {

class NameDialer final : public Dialer {
 public:
  // As Resolver::resolve(), for the host and port of this dialer.
  using LookUp = std::function<std::unique_ptr<Resolver::Ticket>(Resolver::Done)>;

  // For a host that is an IP address `look_up` is never asked. `dialer` outlives this one, which
  // outlives its dials.
  NameDialer(Dialer& dialer, const std::string& host, uint16_t port, LookUp look_up);

  // The address asked for does not matter. The channel's timeout is that of each address.
  std::unique_ptr<Dial> dial(const Address& address, const std::shared_ptr<const Channel>& channel,
                             DialSink& sink) override;

 private:
  Dialer& dialer_;
  const std::string host_;
  const std::optional<Address> literal_;
  const LookUp look_up_;
};

}  // namespace woad
