// The store of `etcd:…`, with clients for its servers. The loop's thread.
#pragma once

#include <memory>
#include <string_view>

#include "proxy/control/store/means.h"
#include "proxy/control/store/store.h"

namespace woad::control {

// Whether a list is one for make_etcd_store(). Pure; any thread.
Result<void> check_etcd_servers(std::string_view list);

// "http://10.0.0.1:2379,http://10.0.0.2:2379"; a server without its scheme has that of the one
// before.
Result<std::unique_ptr<Store>> make_etcd_store(std::string_view list, const StoreMeans& means);

}  // namespace woad::control
