// What level debug of the process log says of a client's connection: that it began, what it
// speaks, and that and why it ended. Its requests have lines of their own (exchange/narrate.h),
// which begin with the same address. Each costs one relaxed load while nobody wants it.
#pragma once

#include <string>

#include "proxy/exchange/narrate.h"

namespace woad {

inline void tell_connected(const WorkerContext& worker, const Address& client,
                           const std::string& listener) {
  if (!debugs(worker)) return;
  worker.log->debug("a client connected", {{"client", client.to_string()}, {"listener", listener}});
}

// `identity`: "" in plaintext. `alpn`: "" without.
inline void tell_served(const WorkerContext& worker, const Address& client, Protocol protocol,
                        std::string_view identity, std::string_view alpn) {
  if (!debugs(worker)) return;
  worker.log->debug("a client is served", {{"client", client.to_string()},
                                           {"protocol", to_string(protocol)},
                                           {"identity", identity},
                                           {"alpn", alpn}});
}

inline void tell_lost(const WorkerContext& worker, const Address& client, std::string_view why) {
  if (!debugs(worker)) return;
  worker.log->debug("a client's connection was lost",
                    {{"client", client.to_string()}, {"why", why}});
}

inline void tell_gone(const WorkerContext& worker, const Address& client, uint32_t requests,
                      std::string_view why) {
  if (!debugs(worker)) return;
  worker.log->debug(
      "a client's connection ended",
      {{"client", client.to_string()}, {"requests", std::to_string(requests)}, {"why", why}});
}

}  // namespace woad
