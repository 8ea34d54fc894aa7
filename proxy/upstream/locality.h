// Locality: requests stay with the near endpoints of a pool while enough of those may be asked, and
// spill over to the far ones in proportion to what is missing. Any thread.
#pragma once

#include "proxy/upstream/service.h"

namespace woad {

// The share of requests that stays near: all while endpoints of at least `spill_below` of near's
// weight may be asked; below, as much of it as there is of that. Looks at near's endpoints until
// it has seen enough.
double near_share(const Pool& pool, double spill_below, Accept accept);

}  // namespace woad
