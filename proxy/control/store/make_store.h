// The store that a word of the command line names. The loop's thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/buffer.h"
#include "proxy/control/store/store.h"
#include "proxy/net/file_events.h"
#include "proxy/net/loop.h"

namespace woad::control {

// All outlive the store.
struct StoreMeans {
  Loop& loop;
  BlockPool& blocks;
  FileEvents& events;
  // For `etcd:https:`: a folder whose ca.crt says which etcd is believed, with tls.crt and tls.key
  // to show where it asks for a certificate; watched. "": the system's roots, and none to show.
  std::string tls_folder{};
  // For `kubernetes`: a file, or "" in a pod.
  std::string kubeconfig{};
};

// "dir:PATH", "etcd:http://HOST:PORT,http://HOST:PORT", "kubernetes". Nothing is asked yet; of
// Kubernetes the files that say how to reach it are read.
Result<std::unique_ptr<Store>> make_store(std::string_view word, const StoreMeans& means);

}  // namespace woad::control
