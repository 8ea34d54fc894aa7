// What happens to a request head between the chain and the upstream.
#pragma once

#include <optional>

#include "proxy/exchange/client.h"
#include "proxy/http/message.h"
#include "proxy/net/address.h"
#include "proxy/snapshot/route.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

// A request that came through this many sidecars goes in a circle.
inline constexpr uint64_t kMaxHops = 16;

// The answer to the only request of a connection that is refused (Client::refused).
LocalReply too_many_connections();
LocalReply of_another_pod(const ListenerSpec& listener);

// The answer to a request for which the process has no memory, and to one whose body comes slower
// than BodyPace allows.
LocalReply no_memory();
LocalReply slow_body();

// GET or HEAD of exactly one of the listener's probe_paths: the kubelet's, who would have the pod
// restarted for a refusal.
bool is_probe(const ListenerSpec& listener, const RequestHead& head);

// Of a client without identity: the answer to give (403) where one is required. A probe is let in
// and marked.
std::optional<LocalReply> check_plaintext(const ListenerSpec& listener, const RequestHead& head,
                                          ExchangeInfo& info);

// The answer to a CONNECT (405) that is not served: of other pods, and inside another one.
std::optional<LocalReply> check_connect(const ListenerSpec& listener, bool inside);

// The answer to a client for whom there is no app: its connection was not redirected, where that
// would tell the app's port, or it called a port of this process.
LocalReply no_app(const ListenerSpec& listener, const Client& client);

// Sets x-woad-hops one higher; the answer to give (508) when there were too many.
std::optional<LocalReply> count_hop(RequestHead& head);

// The answer to give when there is no service, or none that such a request can reach. `headed`: as
// Client's.
std::optional<LocalReply> check_service(const ServiceEntry* service, const RequestHead& head,
                                        const Headed* headed);

// The answer of a route with `respond` or `redirect`.
LocalReply configured_answer(const Route& route, const RequestHead& head);

// Replaces the matched prefix of the path; the query stays.
void rewrite_path(const Route& route, RequestHead& head);

// Appends the client's address to x-forwarded-for.
void append_forwarded_for(RequestHead& head, const Address& peer);

}  // namespace woad
