// All that the file says about context, compiled, and the live state beside it. The rules are
// immutable and part of a snapshot; the state is shared by all workers and survives reloads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/context/dye.h"
#include "proxy/context/names.h"
#include "proxy/context/table.h"
#include "proxy/context/trust.h"
#include "proxy/context/unanimity.h"

namespace woad {

// One of `context.correlate.ids`: where a request carries an id of its context.
struct CorrelationId {
  enum class Kind : uint8_t { kTraceparent, kB3, kB3Multi, kRequestId, kHeader };
  Kind kind;
  HeaderName header;
};

struct ContextRules {
  ContextNames names;
  bool baggage = true;
  bool tracestate = true;
  std::vector<CorrelationId> ids;
  std::string instance_color;     // of this pod, for requests of no known origin; "" = none
  bool remembers_undyed = false;  // the pod has a colour of its own
  bool infer_unanimous = false;
  ContextTrust trust;
  std::vector<DyeRule> dye;
  ContextTable::Limits table_limits;  // of the live state once these rules run
};

struct ContextSystem {
  ContextRules rules;
  std::shared_ptr<ContextTable> table;   // never nullptr
  std::shared_ptr<Unanimity> unanimity;  // never nullptr
};

}  // namespace woad
