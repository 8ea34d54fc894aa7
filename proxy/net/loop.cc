#include "proxy/net/loop.h"

#include <uv.h>

#include <algorithm>

#include "proxy/base/result.h"

namespace woad {
namespace {

// The wall clock may be stepped or slewed; it is looked at this often.
constexpr Duration kWallEvery = seconds(1);

MonoTime mono_now() { return std::chrono::steady_clock::now(); }
WallTime wall_now() { return std::chrono::system_clock::now(); }

Loop& loop_of(const uv_loop_t* loop) { return *static_cast<Loop*>(loop->data); }

}  // namespace

struct Loop::Handles {
  uv_loop_t loop;
  uv_prepare_t prepare;
  uv_timer_t timer;
  uv_async_t wake;
};

Loop::Loop() : handles_(std::make_unique<Handles>()), scheduler_(mono_now(), wall_now()) {
  Handles& h = *handles_;
  wall_read_ = scheduler_.now();
  WOAD_ASSERT(uv_loop_init(&h.loop) == 0);
  h.loop.data = this;
  WOAD_ASSERT(uv_prepare_init(&h.loop, &h.prepare) == 0);
  WOAD_ASSERT(uv_timer_init(&h.loop, &h.timer) == 0);
  WOAD_ASSERT(uv_async_init(&h.loop, &h.wake, [](uv_async_t* wake) {
                Loop& loop = loop_of(wake->loop);
                loop.begin_turn();
                loop.scheduler().mailbox().run();
              }) == 0);
  scheduler_.mailbox().on_post([wake = &h.wake] { uv_async_send(wake); });
  uv_prepare_start(&h.prepare, [](uv_prepare_t* prepare) { loop_of(prepare->loop).end_turn(); });
}

Loop::~Loop() {
  Handles& h = *handles_;
  delete_owned();
  uv_close(reinterpret_cast<uv_handle_t*>(&h.prepare), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&h.timer), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&h.wake), nullptr);
  // A stop() that no run() has seen ends the first of these at once.
  while (uv_run(&h.loop, UV_RUN_DEFAULT) != 0) {
  }
  WOAD_ASSERT(uv_loop_close(&h.loop) == 0);  // else a handle outlived its loop
}

uv_loop_s* Loop::uv() { return &handles_->loop; }

void Loop::run() {
  uv_run(&handles_->loop, UV_RUN_DEFAULT);
  delete_owned();
}

void Loop::delete_owned() {
  scheduler_.end_turn();
  while (!owned_.empty()) disown(owned_.front());
  scheduler_.end_turn();
}

void Loop::run_once() {
  const bool wait = scheduler_.turn_is_over();
  scheduler_.end_turn();
  one_turn_ = true;
  uv_run(&handles_->loop, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  one_turn_ = false;
}

void Loop::stop() { uv_stop(&handles_->loop); }

void Loop::disown(LoopOwned& object) {
  object.unlink();
  scheduler_.defer_delete(std::unique_ptr<Deferred>(&object));
}

void Loop::read_time() {
  in_turn_ = true;
  if (one_turn_) stop();  // libuv would wait behind a timer that fired before the wait
  const MonoTime now = mono_now();
  if (now - wall_read_ >= kWallEvery) {
    wall_read_ = now;
    scheduler_.set_wall(wall_now() - (now - scheduler_.now()));
  }
  scheduler_.advance(now);
}

void Loop::end_turn() {
  if (!scheduler_.turn_is_over()) scheduler_.end_turn();
  arm_timer();
  in_turn_ = false;
}

// Re-arms for an earlier time only: a wake-up that finds nothing due is cheaper than re-arming for
// each request.
void Loop::arm_timer() {
  const MonoTime due = scheduler_.timers().next_due();
  if (due >= armed_for_) return;
  armed_for_ = due;
  const Duration wait = due - mono_now();
  const auto ticks =
      (std::max(wait, Duration(0)) + milliseconds(1) - Duration(1)) / Duration(milliseconds(1));
  uv_update_time(&handles_->loop);
  uv_timer_start(
      &handles_->timer,
      [](uv_timer_t* timer) {
        Loop& loop = loop_of(timer->loop);
        loop.armed_for_ = MonoTime::max();
        loop.read_time();
      },
      static_cast<uint64_t>(ticks), 0);
}

}  // namespace woad
