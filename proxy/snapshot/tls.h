// The TLS of a snapshot: contexts made of the files that the configuration names.
//
// A context is an epoch: connections belong to the one they were opened with. Immutable.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "config/types.h"
#include "proxy/base/time.h"
#include "proxy/base/whole_file.h"
#include "proxy/net/tls/context.h"

namespace woad {

// A context, and what it was made of, to know when that has changed.
struct TlsEpoch {
  TlsContext::Ptr context;
  std::string settings;  // the names of the files and the words of the configuration
  std::string content;   // hash of the files
};

struct SnapshotTls {
  TlsEpoch own;                              // no context: the configuration has no tls:
  std::map<std::string, TlsEpoch> of_roots;  // by services.*.tls.ca
  // Why files as they are now are not used, and older ones stay; "": all are used.
  std::string refused;
  // One of the files, when somebody was writing it while it was read: then nothing of this is to be
  // used, and the files are to be read again. Else "".
  std::string being_written;

  // Every file that was read, for watching.
  std::vector<std::string> files;
  // As they were then; a file that could not be read has none.
  std::map<std::string, FileIdentity> identities;
};

// Reads the files and makes contexts of what changed; what did not is taken over from `previous`
// (may be nullptr). Files that cannot be used are errors of the configuration when it did not name
// them before; else what was made of them earlier stays, and `refused` says why. Blocks: not for a
// loop that serves.
SnapshotTls load_tls(const config::Config& config, const SnapshotTls* previous, WallTime now,
                     config::Diagnostics& diagnostics);

}  // namespace woad
