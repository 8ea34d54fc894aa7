// What is said to etcd and what it says, over its JSON gateway: etcd v3.4 and later,
// https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway. Keys and values are base64 there, 64-bit
// numbers are texts, and what is zero, false or empty is left out. Pure.
//
// Nothing of an answer is believed to have the form it should. Keys are those below kEtcdPrefix,
// without it; a key that is no UTF-8 is nobody's and is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/client/http_asker.h"
#include "proxy/control/store/store.h"

namespace woad::control {

inline constexpr std::string_view kEtcdPrefix = "/woad/v1/";

// Where a state of etcd stands: numbers of another cluster mean nothing.
struct EtcdPoint {
  uint64_t cluster = 0;
  uint64_t revision = 0;
  bool operator==(const EtcdPoint&) const = default;
};

// A call; `body` is one of those below.
HttpRequest etcd_request(std::string target, std::string body, Duration timeout);

// POST /v3/kv/range: the keys after `after` ("": from the first), as of `revision` (0: now).
std::string range_request(std::string_view after, uint64_t revision);
struct EtcdPage {
  EtcdPoint at;
  StoreEntries entries;
  std::string last;   // the greatest key of the page, to go on after
  bool more = false;  // and then `last` is not empty
};
Result<EtcdPage> parse_page(std::string_view body);

// The same call, small: whether there is an etcd that can read.
std::string probe_request();

// POST /v3/watch: all that came from `revision` on.
std::string watch_request(uint64_t revision);
struct EtcdEvent {
  std::string key;
  std::optional<StoreEntry> entry;  // nothing: it is gone
  uint64_t revision = 0;
};
// One line of the answer.
struct EtcdNews {
  EtcdPoint at;
  bool created = false;   // the watch stands
  bool fragment = false;  // more of the same revision follows
  std::vector<EtcdEvent> events;
  bool compacted = false;  // what was asked for is no longer there
};
// An error: what etcd says, too, when it ends the watch.
Result<EtcdNews> parse_news(std::string_view line);

// POST /v3/lease/grant; the lease's id.
std::string grant_request(Duration ttl);
Result<std::string> parse_grant(std::string_view body);

// POST /v3/kv/txn: writes of different keys, each with its own condition; instances hang on
// `lease`.
std::string write_request(const std::vector<StoreWrite>& writes, std::string_view lease);
// In the order of `writes`.
Result<std::vector<StoreOutcome>> parse_written(std::string_view body,
                                                const std::vector<StoreWrite>& writes);

// What is wrong with an answer; "" when it is well. Begins with an address where one is known.
std::string failure_of(const HttpAnswer& answer, const std::string& server);
// The words for an answer that is no 200 and has this body.
std::string refusal(int status, std::string_view body, const std::string& server);
// Whether a failure says that the lease is gone.
bool says_no_lease(std::string_view failure);

}  // namespace woad::control
