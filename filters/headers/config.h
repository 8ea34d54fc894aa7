// Settings of the headers filter.
#pragma once

#include <string>
#include <vector>

#include "config/table.h"
#include "proxy/http/headers.h"

namespace woad {

struct HeaderValue {
  HeaderName name;
  std::string value;

  bool operator==(const HeaderValue&) const = default;
};

// Applied in this order.
struct HeaderEdits {
  std::vector<HeaderName> remove;
  std::vector<HeaderValue> set;
  std::vector<HeaderValue> add;

  bool operator==(const HeaderEdits&) const = default;
};

struct HeadersSettings {
  HeaderEdits request;
  HeaderEdits response;

  bool operator==(const HeadersSettings&) const = default;
};

extern const config::Table<HeadersSettings> kHeadersTable;

}  // namespace woad
