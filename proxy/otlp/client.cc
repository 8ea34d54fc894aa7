#include "proxy/otlp/client.h"

#include <utility>
#include <vector>

#include "proxy/net/connector.h"
#include "proxy/net/resolver.h"
#include "proxy/otlp/connection.h"

namespace woad {
namespace {

// Of one address; the exporter limits the whole try.
constexpr Duration kConnectTimeout = seconds(5);

}  // namespace

struct OtlpClient::Impl final : private OtlpConnectionOwner {
  Impl(Loop& on, BlockPool& pool, OtlpEndpoint to,
       std::vector<std::pair<std::string, std::string>> fields, std::string user_agent)
      : loop(on),
        blocks(pool),
        endpoint(std::move(to)),
        headers(std::move(fields)),
        agent(std::move(user_agent)) {}
  ~Impl() { drop_connection(); }

  void post(const std::string& text, Done callback) {
    WOAD_ASSERT(!done);
    done = std::move(callback);
    body = text;
    if (connection != nullptr && connection->ready()) {
      ask();
    } else {
      drop_connection();
      resolve();
    }
  }

  void cancel() {
    done = nullptr;
    ticket.reset();
    connecting.reset();
    if (asking) drop_connection();
  }

  void resolve() {
    if (endpoint.address.numeric) {
      const auto address = Address::from_host(endpoint.address.host, endpoint.address.port);
      WOAD_ASSERT(address);
      addresses = {*address};
      return connect(0);
    }
    if (resolver == nullptr) resolver = std::make_unique<Resolver>(loop);
    ticket = resolver->resolve(endpoint.address.host, endpoint.address.port,
                               [this](Result<ResolvedName> answer) {
                                 ticket.reset();
                                 if (!answer) return fail(answer.error().message);
                                 addresses = std::move(answer->addresses);
                                 connect(0);
                               });
  }

  // One address after the other.
  void connect(size_t index) {
    connecting = connect_tcp(
        loop, blocks, addresses[index], kConnectTimeout,
        [this](std::unique_ptr<Transport> transport) {
          connecting.reset();
          OtlpConnectionOwner& self = *this;
          connection = std::make_unique<OtlpConnection>(self, loop.scheduler(), blocks,
                                                        std::move(transport));
          ask();
        },
        [this, index](ConnectError error) {
          connecting.reset();
          if (index + 1 < addresses.size()) return connect(index + 1);
          fail(std::move(error.message));
        });
  }

  void ask() {
    asking = true;
    connection->ask(body, [this](RequestHead& head) {
      head.method = Method::kPost;
      head.method_name = "POST";
      head.authority = endpoint.authority;
      head.path = endpoint.target;
      head.headers.add("content-type", "application/json");
      head.headers.add("user-agent", agent);
      for (const auto& [name, value] : headers) {
        if (name == "user-agent") head.headers.remove(name);
        head.headers.add(name, value);
      }
    });
  }

  void fail(std::string why) {
    OtlpAnswer answer;
    answer.why = std::move(why);
    finish(std::move(answer));
  }

  void finish(OtlpAnswer answer) {
    const Done callback = std::exchange(done, nullptr);
    asking = false;
    body = std::string();
    if (callback) callback(std::move(answer));
  }

  void on_answer(OtlpAnswer answer) override { finish(std::move(answer)); }
  void on_closed() override { drop_connection(); }

  void drop_connection() {
    asking = false;
    if (connection == nullptr) return;
    connection->close();
    loop.scheduler().defer_delete(std::move(connection));
  }

  Loop& loop;
  BlockPool& blocks;
  const OtlpEndpoint endpoint;
  const std::vector<std::pair<std::string, std::string>> headers;
  const std::string agent;
  std::unique_ptr<Resolver> resolver;  // made when a name is to be resolved
  std::unique_ptr<Resolver::Ticket> ticket;
  std::vector<Address> addresses;
  std::unique_ptr<Connecting> connecting;
  std::unique_ptr<OtlpConnection> connection;
  std::string body;
  Done done;            // set while somebody waits
  bool asking = false;  // a request is on the connection
};

OtlpClient::OtlpClient(Loop& loop, BlockPool& blocks, OtlpEndpoint endpoint,
                       std::vector<std::pair<std::string, std::string>> headers, std::string agent)
    : impl_(std::make_unique<Impl>(loop, blocks, std::move(endpoint), std::move(headers),
                                   std::move(agent))) {}

OtlpClient::~OtlpClient() = default;

void OtlpClient::post(const std::string& body, Done done) { impl_->post(body, std::move(done)); }

void OtlpClient::cancel() { impl_->cancel(); }

}  // namespace woad
