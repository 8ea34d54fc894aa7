// A client of plaintext HTTP/1 that says nothing for a while, before its first request or between
// two: its socket, and what its next connection must know. Nothing else is kept of it.
//
// Owned by its listener, which it tells once, from the loop. One thread.
#pragma once

#include <memory>
#include <utility>

#include "proxy/base/intrusive_list.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/net/resting_socket.h"
#include "proxy/server/client_handshake.h"

namespace woad {

class RestingClient;

class RestingClientHost {
 public:
  // Each time: wake, unlink and delete it (deferred).
  virtual void on_stir(RestingClient& client) = 0;
  // limits.idle_timeout is over.
  virtual void on_rested_out(RestingClient& client) = 0;

 protected:
  ~RestingClientHost() = default;
};

// A connection that goes to rest.
struct ClientRest {
  std::unique_ptr<RestingSocket> socket;
  std::unique_ptr<Headed> headed;
  uint32_t requests;
  Duration rest;  // at most
};

class RestingClient final : public Deferred, public ListLink, private RestingSink {
 public:
  // The host and the scheduler outlive it.
  RestingClient(RestingClientHost& host, Scheduler& scheduler, ClientRest rest)
      : host_(host),
        socket_(std::move(rest.socket)),
        headed_(std::move(rest.headed)),
        requests_(rest.requests),
        timer_(scheduler.timers(), bind_timer<&RestingClient::on_timer>(this)) {
    timer_.arm(rest.rest);
    socket_->start(*this);
  }

  ClientArrival wake(BlockPool& blocks) {
    timer_.disarm();
    return {
        .transport = socket_->wake(blocks), .headed = std::move(headed_), .requests = requests_};
  }

 private:
  void on_stir() override { host_.on_stir(*this); }
  void on_timer() { host_.on_rested_out(*this); }

  RestingClientHost& host_;
  std::unique_ptr<RestingSocket> socket_;
  std::unique_ptr<Headed> headed_;
  uint32_t requests_;
  Timer timer_;
};

}  // namespace woad
