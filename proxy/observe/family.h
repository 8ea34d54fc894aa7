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

consteval const FamilyInfo& family_row(std::string_view name) {
  size_t at = 0;
  while (kFamilies[at].name != name) ++at;  // a name without a row does not compile
  return kFamilies[at];
}

}  // namespace detail

class Family {
 public:
  // `info` lives as long as the process.
  constexpr Family(const FamilyInfo& info)  // NOLINT(google-explicit-constructor): it is its row
      : info_(&info) {}
  Family(FamilyInfo&&) = delete;

  const FamilyInfo& info() const { return *info_; }
  bool operator==(const Family&) const = default;
  // The order of the exposition: that of the table, then by name.
  friend bool operator<(Family a, Family b);

  static constexpr const FamilyInfo& kRequests = detail::family_row("woad_requests_total");
  static constexpr const FamilyInfo& kRequestsStarted =
      detail::family_row("woad_requests_started_total");
  static constexpr const FamilyInfo& kRequestsActive = detail::family_row("woad_requests_active");
  static constexpr const FamilyInfo& kAttempts = detail::family_row("woad_upstream_attempts_total");
  static constexpr const FamilyInfo& kRoute = detail::family_row("woad_route_total");
  static constexpr const FamilyInfo& kBodiesNotKept =
      detail::family_row("woad_bodies_not_kept_total");
  static constexpr const FamilyInfo& kMirrors = detail::family_row("woad_mirrored_requests_total");
  static constexpr const FamilyInfo& kUpstreamConnections =
      detail::family_row("woad_upstream_connections");
  static constexpr const FamilyInfo& kClientConnections =
      detail::family_row("woad_client_connections");
  static constexpr const FamilyInfo& kContext = detail::family_row("woad_context_total");
  static constexpr const FamilyInfo& kContextUnattributed =
      detail::family_row("woad_context_unattributed_total");
  static constexpr const FamilyInfo& kContextStripped =
      detail::family_row("woad_context_stripped_total");
  static constexpr const FamilyInfo& kContextUnplanted =
      detail::family_row("woad_context_unplanted_total");
  static constexpr const FamilyInfo& kTraceDropped = detail::family_row("woad_trace_dropped_total");
  static constexpr const FamilyInfo& kTlsHandshakes =
      detail::family_row("woad_tls_handshakes_total");
  static constexpr const FamilyInfo& kPlaintextRequests =
      detail::family_row("woad_plaintext_requests_total");
  static constexpr const FamilyInfo& kHostile = detail::family_row("woad_hostile_total");

 private:
  const FamilyInfo* info_;
};

}  // namespace woad
