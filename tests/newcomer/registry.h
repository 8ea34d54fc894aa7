// A registry with the newcomer's filter in it.
#pragma once

#include <vector>

#include "proxy/filter/kind.h"

namespace woad::test {

const std::vector<FilterKind>& newcomer_registry();

}  // namespace woad::test
