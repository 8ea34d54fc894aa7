// The store that a word of the command line names. The loop's thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/buffer.h"
#include "proxy/control/store/store.h"
#include "proxy/net/file_events.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls/context.h"

namespace woad::control {

// All outlive the store.
struct StoreMeans {
  Loop& loop;
  BlockPool& blocks;
  FileEvents& events;
  // For `etcd:https:`, which cannot be without: the authorities that are believed, and our own
  // certificate where etcd asks for one.
  TlsContext::Ptr tls{};
  // For `kubernetes`: a file, or "" in a pod.
  std::string kubeconfig{};
};

// "dir:PATH", "etcd:http://HOST:PORT,http://HOST:PORT", "kubernetes". Nothing is asked yet; of
// Kubernetes the files that say how to reach it are read.
Result<std::unique_ptr<Store>> make_store(std::string_view word, const StoreMeans& means);

}  // namespace woad::control
