#include "proxy/client/http_client.h"

#include <algorithm>
#include <utility>

#include "proxy/base/strings.h"
#include "proxy/client/name_dialer.h"
#include "proxy/client/pooled_call.h"
#include "proxy/upstream/socket_dialer.h"

namespace woad {
namespace {

// Idle connections of HTTP/1.1: the servers are ours, or keep theirs for a minute and more; what
// may not go twice never goes over one whose end has come (Reuse::kOnlySilent).
constexpr Duration kIdle = seconds(45);

bool has_field(const HttpRequest& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& field) { return field.first == name; });
}

// That of production: sockets of the loop, and names that its resolver knows.
class SocketNameDialer final : public Dialer {
 public:
  SocketNameDialer(Loop& loop, BlockPool& blocks, const Url& origin)
      : sockets_(make_dialer(loop, blocks, nullptr)),
        names_(*sockets_, origin.host, origin.port,
               [this, &loop, host = origin.host, port = origin.port](Resolver::Done done) {
                 if (resolver_ == nullptr) resolver_ = std::make_unique<Resolver>(loop);
                 return resolver_->resolve(host, port, std::move(done));
               }) {}
  std::unique_ptr<Dial> dial(const Address& address, const std::shared_ptr<const Channel>& channel,
                             DialSink& sink) override {
    return names_.dial(address, channel, sink);
  }

 private:
  std::unique_ptr<Dialer> sockets_;
  std::unique_ptr<Resolver> resolver_;  // made when a name is to be resolved
  NameDialer names_;
};

// Remembers our end of the newest connection.
class NotingDialer final : public Dialer {
 public:
  explicit NotingDialer(std::unique_ptr<Dialer> dialer) : dialer_(std::move(dialer)) {}
  std::unique_ptr<Dial> dial(const Address& address, const std::shared_ptr<const Channel>& channel,
                             DialSink& sink) override {
    auto noting = std::make_unique<NotingDial>(*this, sink);
    noting->dial(address, channel);
    return noting;
  }
  const std::optional<Address>& local() const { return local_; }

 private:
  class NotingDial final : public Dial, private DialSink {
   public:
    NotingDial(NotingDialer& owner, DialSink& sink) : owner_(owner), sink_(sink) {}
    void dial(const Address& address, const std::shared_ptr<const Channel>& channel) {
      dial_ = owner_.dialer_->dial(address, channel, *this);
    }

   private:
    void on_dialed(Dialed dialed) override {
      owner_.local_ = dialed.transport->local();
      sink_.on_dialed(std::move(dialed));
    }
    void on_dial_failed(DialFailure failure) override { sink_.on_dial_failed(std::move(failure)); }

    NotingDialer& owner_;
    DialSink& sink_;
    std::unique_ptr<Dial> dial_;
  };

  std::unique_ptr<Dialer> dialer_;
  std::optional<Address> local_;
};

class StreamCall final : public HttpCall, private PooledCallSink {
 public:
  StreamCall(ConnectionPool& pool, ArenaPool& arenas, const std::string& authority,
             HttpRequest request, HttpSink& sink)
      : scheduler_(pool.context().scheduler),
        authority_(authority),
        sink_(sink),
        call_(std::make_unique<PooledCall>(pool, arenas, authority, std::move(request),
                                           static_cast<PooledCallSink&>(*this))) {
    call_->start();
  }
  ~StreamCall() override {
    call_->give_up();
    scheduler_.defer_delete(std::move(call_));
  }

 private:
  void on_head(const ResponseHead& head) override { sink_.on_head(head); }
  void on_body(std::string_view piece) override { sink_.on_body(piece); }
  void on_trailers(const Headers&) override {}
  void on_end() override { sink_.on_end(); }
  void on_failed(CallFailure failure) override {
    const bool named = failure.step != CallFailure::Step::kAsking;
    sink_.on_failed(named ? std::move(failure.why) : authority_ + ": " + failure.why);
  }

  Scheduler& scheduler_;
  const std::string authority_;
  HttpSink& sink_;
  std::unique_ptr<PooledCall> call_;
};

class WholeCall final : public HttpCall, private HttpSink {
 public:
  WholeCall(HttpClient& client, HttpRequest request, size_t most, HttpClient::Done done)
      : most_(most), done_(std::move(done)) {
    call_ = client.stream(std::move(request), *this);
  }

 private:
  void on_head(const ResponseHead& head) override {
    answer_.status = head.status;
    for (const Header& field : head.headers) {
      answer_.headers.emplace_back(lower(field.name), field.value);
    }
    if (head.content_length.value_or(0) > most_) too_long();
  }
  void on_body(std::string_view piece) override {
    if (piece.size() > most_ - answer_.body.size()) return too_long();
    answer_.body += piece;
  }
  void on_end() override { finish(); }
  void on_failed(std::string why) override {
    answer_ = {.why = std::move(why)};
    finish();
  }
  void too_long() {
    answer_.body = std::string();
    answer_.why = "the answer is longer than " + std::to_string(most_) + " bytes";
    finish();
  }
  void finish() {
    call_.reset();
    const HttpClient::Done done = std::move(done_);
    done(std::move(answer_));
  }

  const size_t most_;
  HttpClient::Done done_;
  HttpAnswer answer_;
  std::unique_ptr<HttpCall> call_;
};

}  // namespace

// Connections may be what is calling when the client dies, so it dies at the end of the turn.
struct HttpClient::Impl final : Deferred {
  Impl(Scheduler& on, BlockPool& blocks, std::unique_ptr<Dialer> by, HttpClientOptions with)
      : scheduler(on),
        dialer(std::move(by)),
        options(std::move(with)),
        context{.scheduler = scheduler,
                .codec = {scheduler, blocks, hostile},
                .dialer = dialer,
                .limits = {},
                .idle_http1 = kIdle} {
    WOAD_ASSERT(!options.origin.tls || options.tls != nullptr);
    open_pool();
  }

  void open_pool() {
    if (pool != nullptr) {
      pool->drain();
      replaced.push_back(std::move(pool));
    }
    std::erase_if(replaced, [](const auto& each) { return each->empty(); });
    auto channel = std::make_shared<Channel>();
    channel->connect_timeout = options.connect_timeout;
    if (options.origin.tls) {
      channel->tls = options.tls;
      channel->tls_options = options.tls_options;
    }
    const bool http2 =
        channel->tls != nullptr && channel->tls_options->alpn.find("\x02h2") != std::string::npos;
    pool = std::make_unique<ConnectionPool>(context, Address(), options.origin.authority, health,
                                            http2 ? Protocol::kHttp2 : Protocol::kHttp11,
                                            std::move(channel));
  }

  Scheduler& scheduler;
  NotingDialer dialer;
  HttpClientOptions options;
  uint64_t hostile[kHostileCount] = {};  // a broken answer is a failed call, and no more
  ArenaPool arenas;
  EndpointHealth health;
  PoolContext context;
  std::unique_ptr<ConnectionPool> pool;
  std::vector<std::unique_ptr<ConnectionPool>> replaced;  // while calls are on their connections
};

std::string_view HttpAnswer::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found == headers.end() ? std::string_view() : found->second;
}

HttpClient::HttpClient(Loop& loop, BlockPool& blocks, HttpClientOptions options) {
  auto dialer = std::make_unique<SocketNameDialer>(loop, blocks, options.origin);
  impl_ = std::make_unique<Impl>(loop.scheduler(), blocks, std::move(dialer), std::move(options));
}

HttpClient::HttpClient(Scheduler& scheduler, BlockPool& blocks, std::unique_ptr<Dialer> dialer,
                       HttpClientOptions options)
    : impl_(std::make_unique<Impl>(scheduler, blocks, std::move(dialer), std::move(options))) {}

HttpClient::~HttpClient() {
  Scheduler& scheduler = impl_->scheduler;
  scheduler.defer_delete(std::move(impl_));
}

std::unique_ptr<HttpCall> HttpClient::stream(HttpRequest request, HttpSink& sink) {
  if (!has_field(request, "user-agent")) {
    request.headers.emplace_back("user-agent", impl_->options.agent);
  }
  return std::make_unique<StreamCall>(*impl_->pool, impl_->arenas, impl_->options.origin.authority,
                                      std::move(request), sink);
}

std::unique_ptr<HttpCall> HttpClient::ask(HttpRequest request, size_t most, Done done) {
  return std::make_unique<WholeCall>(*this, std::move(request), most, std::move(done));
}

std::optional<Address> HttpClient::local() const { return impl_->dialer.local(); }

void HttpClient::set_tls(TlsContext::Ptr tls) {
  impl_->options.tls = std::move(tls);
  impl_->open_pool();
}

}  // namespace woad
