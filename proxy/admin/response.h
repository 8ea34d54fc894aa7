// What an admin endpoint answers: a body as a whole, or one that comes bit by bit.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/scheduler.h"

namespace woad {

// A body that goes on until its end or until the client goes; destroying it frees everything behind
// it. The connection asks for the next piece only when the client has room, so nothing piles up
// there. Control loop.
class AdminBody {
 public:
  virtual ~AdminBody() = default;
  // Once, before the first read(). `on_more` is called from the loop, never inside a call of this,
  // when a read() that found nothing is out of date; it does not destroy the body.
  virtual void start(Scheduler& scheduler, std::function<void()> on_more) = 0;
  // Appends the next piece, some KiB at most; nothing when there is none now. False: that was all.
  virtual bool read(std::string& out) = 0;
};

struct AdminResponse {
  int status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";  // static storage
  std::string body{};
  std::string_view allow{};             // with 405; static storage
  std::unique_ptr<AdminBody> stream{};  // instead of `body`
};

}  // namespace woad
