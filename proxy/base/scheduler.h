// What a loop gives to everything that runs on it: time, timers, the end of the turn, late death.
//
// A turn is one pass of the event loop. Code that wants to write queues it and asks for the end of
// the turn, where each connection is flushed once; objects that cannot die under their own feet are
// handed to defer_delete(). In production net::Loop drives it; tests drive it by hand:
// advance(time), then end_turn(). One thread.
#pragma once

#include <memory>
#include <vector>

#include "proxy/base/intrusive_list.h"
#include "proxy/base/mailbox.h"
#include "proxy/base/time.h"
#include "proxy/base/timer_wheel.h"

namespace woad {

// Something to do once at the end of a turn, such as flushing a connection.
class TurnEnd : public ListLink {
 public:
  virtual void on_turn_end() = 0;

 protected:
  ~TurnEnd() = default;
};

// Something that may be deleted only when no code of its own is on the stack.
class Deferred {
 public:
  virtual ~Deferred() = default;
};

class Scheduler {
 public:
  explicit Scheduler(MonoTime now, WallTime wall = {})
      : timers_(now), wall_offset_(wall.time_since_epoch() - now.time_since_epoch()) {}
  ~Scheduler() { graveyard_.clear(); }
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // The time of this turn, read once a turn.
  MonoTime now() const { return timers_.now(); }
  // Wall time of this turn: for logs, headers and certificates, never for timers.
  WallTime wall() const { return WallTime(now().time_since_epoch() + wall_offset_); }

  TimerWheel& timers() { return timers_; }

  // Where other threads leave tasks for this one.
  Mailbox& mailbox() { return mailbox_; }

  // Calls on_turn_end() once, before the loop waits again. Asking twice in a turn is asking once.
  void at_turn_end(TurnEnd& action) {
    if (!action.linked()) turn_ends_.push_back(action);
  }

  // Deletes at the end of the turn, after the turn-end actions.
  void defer_delete(std::unique_ptr<Deferred> dying) { graveyard_.push_back(std::move(dying)); }

  // Fires due timers. Called by the loop (or the test) whenever time may have passed.
  void advance(MonoTime now) { timers_.advance(now); }
  void set_wall(WallTime wall) {
    wall_offset_ = wall.time_since_epoch() - now().time_since_epoch();
  }

  // Runs turn-end actions and deaths until none is left.
  void end_turn() {
    while (!turn_ends_.empty() || !graveyard_.empty()) {
      while (!turn_ends_.empty()) turn_ends_.pop_front().on_turn_end();
      dying_.swap(graveyard_);
      dying_.clear();
    }
  }
  bool turn_is_over() const { return turn_ends_.empty() && graveyard_.empty(); }

 private:
  TimerWheel timers_;
  Duration wall_offset_;
  Mailbox mailbox_;
  IntrusiveList<TurnEnd> turn_ends_;
  // Both keep their room; the second is empty but within end_turn().
  std::vector<std::unique_ptr<Deferred>> graveyard_;
  std::vector<std::unique_ptr<Deferred>> dying_;
};

}  // namespace woad
