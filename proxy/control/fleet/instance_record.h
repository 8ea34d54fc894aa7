// What a store holds of an instance. A value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/control/documents/skeleton.h"

namespace woad::control {

struct InstanceRecord {
  Instance instance;
  WallTime registered{};                // with this address
  std::optional<WallTime> heartbeat{};  // the latest; nothing: it has no lease (Kubernetes)

  bool operator==(const InstanceRecord&) const = default;
};

std::string to_text(const InstanceRecord& record);
Result<InstanceRecord> parse_instance_record(std::string_view text);

}  // namespace woad::control
