// One tap: what it wants, and the lines on their way from the workers to its reader.
//
// Bounded in bytes and in lines a second; what is over is dropped and counted, so a reader that is
// slow costs lines, never memory or a request's time. The lock is held for a move or for one piece
// of reading, never while a line is made. Any thread; one reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "proxy/base/time.h"
#include "proxy/observe/tap_filter.h"

namespace woad {

class Tap {
 public:
  // Bytes of lines that wait.
  static constexpr size_t kMaxWaiting = size_t{256} * 1024;
  // Over it lines are dropped, evenly; a second's worth may come at once.
  static constexpr int kLinesPerSecond = 1000;

  // After `limit` lines it takes no more; 0: no end.
  Tap(TapFilter filter, uint64_t limit)
      : filter_(std::move(filter)), lines_left_(limit == 0 ? UINT64_MAX : limit) {}

  // What is to be done for the reader.
  enum class News : uint8_t {
    kNone,      // nothing it must be told of
    kLine,      // the line is wanted: make it, and push() it
    kTellDrop,  // dropped, as the first one: the reader must be woken
  };
  // Whether the line of this request is wanted and has room. `now` may differ between threads.
  News ask(const AccessRecord& record, MonoTime now);
  // True: the reader sleeps and must be woken. Takes or drops the line.
  bool push(std::string line);

  struct Rest {
    bool over = false;     // the last of all lines was taken
    uint64_t dropped = 0;  // lines, since take_dropped()
  };
  // The reader. Appends whole lines to `out` until it has `enough` bytes. When none is left the
  // reader sleeps: it is woken by the next line, or by the first one dropped of those it has taken.
  Rest read(std::string& out, size_t enough);
  uint64_t take_dropped();
  // The reader has gone: frees what waits, and nothing more is taken.
  void close();

 private:
  bool in_rate(MonoTime now);
  bool drop();
  bool wake();

  const TapFilter filter_;

  std::mutex mutex_;  // of all below
  std::deque<std::string> lines_;
  size_t waiting_ = 0;
  uint64_t lines_left_;  // 0: nothing more is taken
  uint64_t dropped_ = 0;
  MonoTime busy_until_ = MonoTime::min();  // the lines taken, spread at the rate, last until then
  bool woken_ = false;                     // and has not found the queue empty since
};

}  // namespace woad
