// The Dialer of production: TCP on a loop, and TLS on top where the channel has it.
#pragma once

#include <memory>

#include "proxy/net/descriptors.h"
#include "proxy/net/loop.h"
#include "proxy/observe/metrics.h"
#include "proxy/upstream/dialer.h"

namespace woad {

// All outlive the dialer. Handshakes are counted in `metrics` unless it is nullptr. Connections
// take descriptors below `share` alone.
std::unique_ptr<Dialer> make_dialer(Loop& loop, BlockPool& blocks, WorkerMetrics* metrics,
                                    int share = DescriptorShares::kAll);

}  // namespace woad
