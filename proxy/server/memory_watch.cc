#include "proxy/server/memory_watch.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>

#include "proxy/base/strings.h"
#include "proxy/log/log.h"

namespace woad {
namespace {

constexpr size_t kMebibyte = 1 << 20;

std::string mebibytes(size_t bytes) { return std::to_string(bytes / kMebibyte) + "MiB"; }

// SIZE_MAX: there is no such file, or it says that there is no limit.
size_t limit_in(const char* path) {
  std::ifstream file(path);
  std::string word;
  if (!(file >> word)) return SIZE_MAX;
  return parse_decimal(word).value_or(SIZE_MAX);
}

size_t own_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return limit.rlim_cur;
}

size_t page_size() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

size_t resident() {
  std::ifstream file("/proc/self/statm");
  size_t all = 0;
  size_t pages = 0;
  file >> all >> pages;
  return pages * page_size();
}

}  // namespace

size_t memory_ceiling() {
  const size_t machine = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * page_size();
  const size_t most = std::min({machine, own_limit(), limit_in("/sys/fs/cgroup/memory.max"),
                                limit_in("/sys/fs/cgroup/memory/memory.limit_in_bytes")});
  return static_cast<size_t>(static_cast<double>(most) * MemoryWatch::kShare);
}

size_t memory_held(size_t ceiling) {
  const size_t whole = resident();
  if (whole < ceiling) return whole;
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

MemoryWatch::MemoryWatch(Scheduler& scheduler, ProcessMemory& memory, size_t ceiling, Held held)
    : memory_(memory),
      ceiling_(ceiling),
      held_(std::move(held)),
      timer_(scheduler.timers(), bind_timer<&MemoryWatch::look>(this)) {}

void MemoryWatch::look() {
  const size_t held = held_(ceiling_);
  const bool over = held > ceiling_;
  if (over != memory_.exhausted()) {
    memory_.set_exhausted(over);
    log_warn(over ? "memory is short: new requests are refused until some is given back"
                  : "there is memory again: new requests are served",
             {{"held", mebibytes(held)}, {"ceiling", mebibytes(ceiling_)}});
  }
  timer_.arm(kEvery);
}

}  // namespace woad
