// A file that takes whole lines from many threads and never makes them wait.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace woad {

// Opened for appending and made when it is not there; /dev/stdout and /dev/stderr are the
// descriptors 1 and 2. When the reader of a pipe is slow, lines are dropped and counted. Any
// thread.
class LogFile {
 public:
  explicit LogFile(const std::string& path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // `line` ends in a newline. One write(2); pipes take up to 4096 bytes (PIPE_BUF) in one piece.
  void write(std::string_view line);

  // Lines that were not written, or not whole.
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void adopt_standard(int descriptor);
  bool has_room() const;

  int fd_ = -1;
  bool may_block_ = false;         // ask for room before each write
  std::atomic<bool> torn_{false};  // the last line was not written whole
  std::atomic<uint64_t> dropped_{0};
};

}  // namespace woad
