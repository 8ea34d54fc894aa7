// The file of a service's sidecars as it is served: kept packed, for there are many.
#pragma once

#include <memory>
#include <string>

#include "proxy/control/documents/skeleton.h"

namespace woad::control {

// Immutable; any thread.
struct File {
  std::string sha256;    // 64 hexadecimal digits
  std::string version;   // as the file says it
  std::string skeleton;  // Skeleton::id()
  size_t size = 0;       // unpacked
  std::string packed;    // zstd
};
using FilePtr = std::shared_ptr<const File>;

// Takes some milliseconds for a file of some 100 KiB.
FilePtr make_file(const Skeleton& skeleton, const AllInstances& instances);
std::string text_of(const File& file);

}  // namespace woad::control
