// How an upstream connection comes to be: a face, so that tests dial into memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proxy/base/time.h"
#include "proxy/net/address.h"
#include "proxy/net/transport.h"
#include "proxy/upstream/channel.h"
#include "proxy/upstream/endpoint_health.h"

namespace woad {

// Why there is no connection. `proxy_status` is the RFC 9209 error type for it.
struct DialFailure {
  enum class Cause : uint8_t {
    kUnreachable,  // the address could not be connected to
    kNotAgreed,    // it was, and there was no agreement on what to speak: TLS
    kOurs,         // we could not even try
  };
  std::string_view proxy_status;  // static storage
  std::string message;            // such as "10.0.0.1:80: connection refused"
  Cause cause = Cause::kUnreachable;
};

// What a failure says of the address.
inline void learn(EndpointHealth& health, const DialFailure& failure, MonoTime now) {
  switch (failure.cause) {
    case DialFailure::Cause::kUnreachable: health.unreachable(now); return;
    case DialFailure::Cause::kNotAgreed: health.reached(); return;
    case DialFailure::Cause::kOurs: return;
  }
}

// A connection that was opened.
struct Dialed {
  std::unique_ptr<Transport> transport;   // not started
  std::string alpn{};                     // what TLS agreed on; "": nothing, or plaintext
  WallTime good_until = WallTime::max();  // the first certificate of it ends, ours or the peer's
  std::string identity{};                 // SPIFFE id that the peer proved; "": none
  Address address{};                      // which of several was connected to (AddressDial)
};

class DialSink {
 public:
  virtual void on_dialed(Dialed dialed) = 0;
  virtual void on_dial_failed(DialFailure failure) = 0;

 protected:
  ~DialSink() = default;
};

// A dial under way; destroying it gives up, and no event comes afterwards.
class Dial {
 public:
  virtual ~Dial() = default;
};

class Dialer {
 public:
  virtual ~Dialer() = default;
  // Exactly one event follows, from the loop and not from inside this call.
  virtual std::unique_ptr<Dial> dial(const Address& address,
                                     const std::shared_ptr<const Channel>& channel,
                                     DialSink& sink) = 0;
};

}  // namespace woad
