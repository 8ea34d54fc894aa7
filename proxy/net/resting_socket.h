// A connection whose peer is silent: its socket, and nothing else. Transport::rest() makes one, and
// it is a transport again once somebody speaks. One thread; destroying it closes the connection.
#pragma once

#include <memory>

#include "proxy/base/buffer.h"
#include "proxy/net/transport.h"

namespace woad {

class RestingSink {
 public:
  // The peer has sent something, or its end: the time to wake(). Destroys the socket deferred.
  virtual void on_stir() = 0;

 protected:
  ~RestingSink() = default;
};

class RestingSocket {
 public:
  virtual ~RestingSocket() = default;
  // Called once; the sink outlives the socket.
  virtual void start(RestingSink& sink) = 0;
  // A transport that is not started; one that is started inside on_stir() hears in that very turn
  // what came. Nothing is left here. The pool outlives the transport.
  virtual std::unique_ptr<Transport> wake(BlockPool& blocks) = 0;
};

}  // namespace woad
