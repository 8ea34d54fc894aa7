// The HTTP client of the house, for everything that is no traffic of the data path: collectors, the
// control plane, etcd, the Kubernetes API.
//
// One client is one origin. Connections are kept and used again (the pools of the data path,
// upstream/connection_pool.h); names are resolved anew for each new connection, and the addresses
// of a name are tried one after the other. Redirects are not followed, and nothing is tried again
// but what a kept connection lost by its age, unless it may have been done (pooled_call.h). One
// thread, the loop's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/base/buffer.h"
#include "proxy/base/time.h"
#include "proxy/client/url.h"
#include "proxy/http/message.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls/context.h"
#include "proxy/upstream/dialer.h"

namespace woad {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";                                    // path and query
  std::vector<std::pair<std::string, std::string>> headers{};  // lower-case names
  std::string body{};
  // From the call to the end of the answer, connecting included; zero: no end, as of a watch.
  Duration timeout = seconds(10);
};

// Hears of one answer, piece by piece, from the loop. Each call may destroy the HttpCall.
class HttpSink {
 public:
  // The final head; its fields are good during the call alone.
  virtual void on_head(const ResponseHead& head) = 0;
  virtual void on_body(std::string_view piece) = 0;
  // Exactly one of these is last. `why`: a sentence without a final dot, with the address where
  // one is known, such as "10.0.0.1:2379: connection refused" or "no answer within 10s".
  virtual void on_end() = 0;
  virtual void on_failed(std::string why) = 0;

 protected:
  ~HttpSink() = default;
};

// A request under way; destroying it gives up, and no event comes afterwards.
class HttpCall {
 public:
  virtual ~HttpCall() = default;
};

// A whole answer.
struct HttpAnswer {
  int status = 0;     // 0: there was none
  std::string why{};  // "": it is whole; else why it is not
  std::vector<std::pair<std::string, std::string>> headers{};  // lower-case names
  std::string body{};

  // The first value of a field (lower-case name); "" without one.
  std::string_view header(std::string_view name) const;
};

struct HttpClientOptions {
  Url origin;  // its target is not used
  // With https, and then not nullptr: how the server proves itself, and we to it
  // (net/tls/context.h). HTTP/2 is spoken where ALPN is offered and agrees on it.
  TlsContext::Ptr tls{};
  std::shared_ptr<const TlsClientOptions> tls_options{};
  std::string agent = "woad";
  Duration connect_timeout = seconds(5);
};

class HttpClient {
 public:
  using Done = std::function<void(HttpAnswer)>;

  // Loop and pool outlive the client, which outlives its calls.
  HttpClient(Loop& loop, BlockPool& blocks, HttpClientOptions options);
  // The same over connections that `dialer` opens, whatever the host.
  HttpClient(Scheduler& scheduler, BlockPool& blocks, std::unique_ptr<Dialer> dialer,
             HttpClientOptions options);
  ~HttpClient();

  // The sink outlives the call. No event comes from inside this function.
  std::unique_ptr<HttpCall> stream(HttpRequest request, HttpSink& sink);
  // The same with the answer as a whole: of one whose body is over `most` bytes there are status
  // and headers, and `why`. `done` is called once and may destroy the call, and the client.
  std::unique_ptr<HttpCall> ask(HttpRequest request, size_t most, Done done);
  // Our end of the connection that was opened last; nothing before the first.
  std::optional<Address> local() const;
  // For the connections to come; older ones are used no more.
  void set_tls(TlsContext::Ptr tls);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace woad
