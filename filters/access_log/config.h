// Settings of the access_log filter.
#pragma once

#include <string>
#include <vector>

#include "config/table.h"

namespace woad {

enum class AccessLogFormat : uint8_t { kJson };

struct AccessLogSettings {
  std::string path = "/dev/stdout";  // found from the folder of the configuration
  AccessLogFormat format = AccessLogFormat::kJson;
  config::Share sample{1.0};
  bool query = false;
  std::vector<std::string> hide{};

  bool operator==(const AccessLogSettings&) const = default;
};

extern const config::Table<AccessLogSettings> kAccessLogTable;

}  // namespace woad
