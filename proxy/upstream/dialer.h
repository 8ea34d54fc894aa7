// How an upstream connection comes to be: a face, so that tests dial into memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proxy/base/time.h"
#include "proxy/net/address.h"
#include "proxy/net/transport.h"

namespace woad {

// Why there is no connection. `proxy_status` is the RFC 9209 error type for it.
struct DialFailure {
  std::string_view proxy_status;  // static storage
  std::string message;            // such as "10.0.0.1:80: connection refused"
};

class DialSink {
 public:
  virtual void on_dialed(std::unique_ptr<Transport> transport) = 0;
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
  virtual std::unique_ptr<Dial> dial(const Address& address, Duration timeout, DialSink& sink) = 0;
};

}  // namespace woad
