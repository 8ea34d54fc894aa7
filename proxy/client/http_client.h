// The HTTP client of the house, for everything that is no traffic of the data path: collectors, the
// control plane, etcd, the Kubernetes API.
//
// One client is one origin. Connections are kept and used again (the pools of the data path,
// upstream/connection_pool.h); names are resolved anew for each new connection, and the addresses
// of a name are tried one after the other. Redirects are not followed, and nothing is tried again
// but what a kept connection lost by its age, unless it may have been done (pooled_call.h). One
// thread, the loop's.
#pragma once

#include <memory>
#include <string>

#include "proxy/base/buffer.h"
#include "proxy/base/time.h"
#include "proxy/client/http_asker.h"
#include "proxy/client/url.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls/context.h"
#include "proxy/upstream/dialer.h"

namespace woad {

struct HttpClientOptions {
  Url origin;  // its target is not used
  // With https, and then not nullptr: how the server proves itself, and we to it
  // (net/tls/context.h). HTTP/2 is spoken where ALPN is offered and agrees on it.
  TlsContext::Ptr tls{};
  std::shared_ptr<const TlsClientOptions> tls_options{};
  std::string agent = "woad";
  Duration connect_timeout = seconds(5);
};

class HttpClient final : public HttpAsker {
 public:
  // Loop and pool outlive the client, which outlives its calls.
  HttpClient(Loop& loop, BlockPool& blocks, HttpClientOptions options);
  // The same over connections that `dialer` opens, whatever the host.
  HttpClient(Scheduler& scheduler, BlockPool& blocks, std::unique_ptr<Dialer> dialer,
             HttpClientOptions options);
  ~HttpClient();

  std::unique_ptr<HttpCall> stream(HttpRequest request, HttpSink& sink) override;
  std::unique_ptr<HttpCall> ask(HttpRequest request, size_t most, Done done) override;
  // Our end of the connection that was opened last; nothing before the first.
  std::optional<Address> local() const;
  // For the connections to come; older ones are used no more.
  void set_tls(TlsContext::Ptr tls);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace woad
