// The store that a word of the command line names. The loop's thread.
#pragma once

#include <memory>
#include <string_view>

#include "proxy/control/store/means.h"
#include "proxy/control/store/store.h"

namespace woad::control {

// Whether a word has the form of one that make_store() takes. Pure; any thread.
Result<void> check_store_word(std::string_view word);

// "dir:PATH", "etcd:http://HOST:PORT,http://HOST:PORT", "kubernetes". Nothing is asked yet; of
// Kubernetes the files that say how to reach it are read.
Result<std::unique_ptr<Store>> make_store(std::string_view word, const StoreMeans& means);

}  // namespace woad::control
