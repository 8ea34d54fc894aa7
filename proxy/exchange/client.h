// The client of a connection, as its exchanges know it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "proxy/net/address.h"
#include "proxy/net/tls/context.h"
#include "proxy/net/tls/svid.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

// Where a connection was headed, whatever is said on it.
struct Headed {
  // Before it was redirected to us; not valid: it was not.
  Address original{};
  // What is at `original`, if no service claims it; nullptr: nobody may go there.
  std::shared_ptr<const ServiceEntry> there{};
  // Which endpoint is the one that was called, where its service has several.
  Address endpoint{};
  // The host and port of the CONNECT inside which it came; "": none.
  std::string connect{};

  bool redirected() const { return original.valid(); }
};

// Who has come for a refusal alone, and why.
enum class Refused : uint8_t {
  kNo,
  kOverLimit,  // over limits.client_connections
  kStranger,   // of another pod, where the app of this one is served
};

// Outlives its exchanges.
struct Client {
  const Address& address;
  std::shared_ptr<const Svid> identity{};  // proved by TLS; nullptr: plaintext, or outbound
  TlsContext::Ptr tls{};                   // with which it was proved, and we proved ours
  Refused refused = Refused::kNo;
  std::unique_ptr<Headed> headed{};  // nullptr: its requests alone tell
  uint32_t requests = 0;             // that have come so far

  bool inside_connect() const { return headed != nullptr && !headed->connect.empty(); }
  bool redirected() const { return headed != nullptr && headed->redirected(); }
};

// Whether the file says that its server may speak first.
inline bool is_opaque(const ListenerSpec& listener, const Headed& headed) {
  const auto& ports = listener.opaque_ports;
  return std::find(ports.begin(), ports.end(), headed.original.port()) != ports.end();
}

// Whether the client came in plaintext where that is not allowed.
inline bool lacks_identity(const Client& client, const ListenerSpec& listener) {
  return listener.mtls == Mtls::kStrict && client.identity == nullptr;
}

}  // namespace woad
