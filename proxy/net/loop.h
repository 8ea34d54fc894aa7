// The event loop of one thread: it drives that thread's Scheduler.
//
// A turn begins with the first event after a wait: time is read once and due timers fire. It ends
// in the prepare hook, before the next wait: turn-end actions and deferred deaths run until none is
// left. Everything but post() belongs to the loop's thread; the loop may be made on another one.
// What lives on a loop dies before it, and the BlockPool of its transports after it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "proxy/base/scheduler.h"

struct uv_loop_s;

namespace woad {

// Something without an owner that finishes by itself, such as a connection that waits for the
// peer's FIN. The loop owns it: it ends itself by Loop::disown(), or with the loop.
class LoopOwned : public Deferred, public ListLink {};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Scheduler& scheduler() { return scheduler_; }

  // Until stop(), and then through the end of the turn; deletes what the loop owns.
  void run();
  // One turn; waits for an event unless the end of the turn has something to do.
  void run_once();
  // Ends run() after the present turn.
  void stop();
  // Runs `task` on the loop's thread, in order. From any thread (Mailbox).
  void post(std::function<void()> task) { scheduler_.mailbox().post(std::move(task)); }

  void own(std::unique_ptr<LoopOwned> object) { owned_.push_back(*object.release()); }
  // Deletes at the end of the turn.
  void disown(LoopOwned& object);
  // True while something is owned: a server that wants to end waits for it.
  bool has_owned() const { return !owned_.empty(); }

  // For proxy/net alone.
  uv_loop_s* uv();
  void begin_turn() {
    if (!in_turn_) read_time();
  }

 private:
  struct Handles;

  void read_time();
  void end_turn();
  void delete_owned();
  void arm_timer();

  std::unique_ptr<Handles> handles_;
  Scheduler scheduler_;
  IntrusiveList<LoopOwned> owned_;
  bool in_turn_ = true;
  bool one_turn_ = false;  // inside run_once()
  // When the libuv timer will fire; max() when it is not armed.
  MonoTime armed_for_ = MonoTime::max();
  // When wall time was last compared with the monotonic clock.
  MonoTime wall_read_{};
};

}  // namespace woad
