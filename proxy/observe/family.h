// Metric families: the rows of one table, and those that a filter declares for itself.
//
// A family is its row; whoever wants one of its own declares a constant FamilyInfo and counts with
// it (filters/README.md). Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace woad {

inline constexpr size_t kMaxLabels = 5;

struct FamilyInfo {
  std::string_view name;
  std::string_view help;
  bool gauge = false;
  std::array<std::string_view, kMaxLabels> labels{};  // the first "" ends them

  constexpr size_t label_count() const {
    size_t count = 0;
    while (count < kMaxLabels && !labels[count].empty()) ++count;
    return count;
  }
};

class Family {
 public:
  // `info` lives as long as the process.
  constexpr Family(const FamilyInfo& info)  // NOLINT(google-explicit-constructor): it is its row
      : info_(&info) {}

  const FamilyInfo& info() const { return *info_; }
  bool operator==(const Family&) const = default;
  // The order of the exposition: that of the table, then by name.
  friend bool operator<(Family a, Family b);

  static const Family kRequests;
  static const Family kRequestsStarted;
  static const Family kRequestsActive;
  static const Family kAttempts;
  static const Family kRoute;
  static const Family kBodiesNotKept;
  static const Family kMirrors;
  static const Family kUpstreamConnections;
  static const Family kClientConnections;
  static const Family kContext;
  static const Family kContextUnattributed;
  static const Family kContextStripped;
  static const Family kContextUnplanted;
  static const Family kTraceDropped;
  static const Family kTlsHandshakes;
  static const Family kPlaintextRequests;
  static const Family kHostile;

 private:
  const FamilyInfo* info_;
};

inline constexpr FamilyInfo kFamilies[] = {
    {"woad_requests_total",
     "Requests that ended, by what the client got.",
     false,
     {"direction", "service", "color", "code_class", "error"}},
    {"woad_requests_started_total", "Requests that began.", false, {"direction"}},
    {"woad_requests_active", "Requests that began and have not ended.", true, {"direction"}},
    {"woad_upstream_attempts_total",
     "Tries to get an answer from an endpoint.",
     false,
     {"service", "color", "result"}},
    {"woad_route_total",
     "Outbound requests, by pool and why that pool.",
     false,
     {"service", "color", "pool", "reason"}},
    {"woad_bodies_not_kept_total",
     "Request bodies that were not kept for another try, by whose room for it was full.",
     false,
     {"of"}},
    {"woad_mirrored_requests_total",
     "Copies of requests for shadows, by how they ended.",
     false,
     {"service", "result"}},
    {"woad_upstream_connections", "Connections to endpoints.", true, {"service", "state"}},
    {"woad_client_connections", "Connections of clients.", true, {"direction"}},
    {"woad_context_total", "Requests, by where their context came from.", false, {"source"}},
    {"woad_context_unattributed_total",
     "Outbound requests that no id led to a context while dyed requests were under way."},
    {"woad_context_stripped_total",
     "Context that was removed from requests, by why.",
     false,
     {"why"}},
    {"woad_context_unplanted_total",
     "Context that did not fit into a carrier for the app.",
     false,
     {"carrier"}},
    {"woad_trace_dropped_total",
     "Broken trace headers that were removed, and the trace restarted where it had to be.",
     false,
     {"carrier"}},
    {"woad_tls_handshakes_total",
     "TLS handshakes, by how they ended.",
     false,
     {"direction", "result"}},
    {"woad_plaintext_requests_total",
     "Requests in plaintext where mtls is permissive.",
     false,
     {"listener"}},
    {"woad_hostile_total", "Hostile or broken input that was refused.", false, {"kind"}},
};

namespace detail {

consteval Family family_named(std::string_view name) {
  size_t at = 0;
  while (kFamilies[at].name != name) ++at;  // a name without a row does not compile
  return kFamilies[at];
}

}  // namespace detail

inline constexpr Family Family::kRequests = detail::family_named("woad_requests_total");
inline constexpr Family Family::kRequestsStarted =
    detail::family_named("woad_requests_started_total");
inline constexpr Family Family::kRequestsActive = detail::family_named("woad_requests_active");
inline constexpr Family Family::kAttempts = detail::family_named("woad_upstream_attempts_total");
inline constexpr Family Family::kRoute = detail::family_named("woad_route_total");
inline constexpr Family Family::kBodiesNotKept = detail::family_named("woad_bodies_not_kept_total");
inline constexpr Family Family::kMirrors = detail::family_named("woad_mirrored_requests_total");
inline constexpr Family Family::kUpstreamConnections =
    detail::family_named("woad_upstream_connections");
inline constexpr Family Family::kClientConnections =
    detail::family_named("woad_client_connections");
inline constexpr Family Family::kContext = detail::family_named("woad_context_total");
inline constexpr Family Family::kContextUnattributed =
    detail::family_named("woad_context_unattributed_total");
inline constexpr Family Family::kContextStripped =
    detail::family_named("woad_context_stripped_total");
inline constexpr Family Family::kContextUnplanted =
    detail::family_named("woad_context_unplanted_total");
inline constexpr Family Family::kTraceDropped = detail::family_named("woad_trace_dropped_total");
inline constexpr Family Family::kTlsHandshakes = detail::family_named("woad_tls_handshakes_total");
inline constexpr Family Family::kPlaintextRequests =
    detail::family_named("woad_plaintext_requests_total");
inline constexpr Family Family::kHostile = detail::family_named("woad_hostile_total");

}  // namespace woad
