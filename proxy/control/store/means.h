// What a store is made with. A value.
#pragma once

#include <string>

#include "proxy/base/buffer.h"
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

}  // namespace woad::control
