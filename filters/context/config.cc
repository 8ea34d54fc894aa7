#include "filters/context/config.h"

namespace woad {

const config::Table<ContextSettings> kContextTable{};

}  // namespace woad
