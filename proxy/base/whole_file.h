// Files that others may be writing while they are read: a text is whole, or it is not used.
//
// Who writes decides when he is done, by closing the file: the kernel knows who has it open. Where
// it does not tell (a file of another user without CAP_LEASE, a file system without leases), a file
// that changed a moment ago counts as being written. Any thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "proxy/base/time.h"

namespace woad {

// What tells one state of a file from another. The time of the last change of status is in it,
// which no writer can set back.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  WallTime modified{};
  WallTime changed{};

  bool operator==(const FileIdentity&) const = default;
};

// Of what `path` leads to; nothing when there is no such file.
std::optional<FileIdentity> look_at(const std::string& path);

// Whether somebody has a file open for writing. What is no regular file, or cannot be opened,
// nobody has.
enum class Writers : uint8_t { kNone, kSome, kUnknown };
Writers writers_of(const std::string& path);

// An open file that was untouched for this long was left open (a descriptor that leaked into some
// other process): it is taken as it is.
inline constexpr Duration kAbandoned = seconds(30);
// Of writers nobody knows: a file that was untouched for this long is whole.
inline constexpr Duration kQuiet = seconds(1);

// `changed` is that of the file; a time in the future is one of another clock, long ago by ours.
bool is_being_written(Writers writers, WallTime changed, WallTime now);

struct FileText {
  std::string text;
  FileIdentity identity;
  bool whole = true;  // nobody was writing, and nothing changed while it was read
};

// At most `most` bytes of an open file. Nothing: errno says why.
std::optional<FileText> read_whole(int fd, size_t most);

}  // namespace woad
