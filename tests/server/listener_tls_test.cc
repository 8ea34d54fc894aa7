// A listener on a real loop: accept, handshake, request; and what a reload does in between.
#include "proxy/server/listener.h"

#include "proxy/upstream/socket_dialer.h"
#include "tests/net/harness.h"
#include "tests/server/inbound_rig.h"

using namespace woad;
using namespace woad::test;

namespace {

// Answered by woad itself.
constexpr std::string_view kLoop = "GET / HTTP/1.1\r\nhost: price\r\nx-woad-hops: 16\r\n\r\n";

class Listening {
 public:
  explicit Listening(std::string_view settings = "mtls: strict") {
    Fd socket = sure(listen_tcp(any_port()));
    address_ = local_address(socket.get());
    view_ = view_of(settings, present_workloads().price_context);
    listener_.emplace(context_, socket.release(), view_, view_->snapshot().listeners[0]);
  }
  ~Listening() {
    listener_.reset();
    loop_.scheduler().end_turn();
    view_ = ViewRef();
    CHECK(client_connections_ == 0);
  }

  // The same listener in a newer snapshot.
  void reload(std::string_view settings, TlsContext::Ptr own) {
    view_ = view_of(settings, std::move(own));
    listener_->update(view_, view_->snapshot().listeners[0]);
  }
  Peer connect() const { return Peer::connect(address_); }
  Listener& listener() { return *listener_; }
  template <class F>
  bool until(F&& done) {
    return run_until(loop_, std::forward<F>(done));
  }
  int64_t handshakes(std::string_view result) const {
    for (const auto& series : metrics_.snapshot().series) {
      if (series.family == Family::kTlsHandshakes && series.labels[1] == result)
        return series.value;
    }
    return 0;
  }

 private:
  ViewRef view_of(std::string_view settings, TlsContext::Ptr own) {
    return ViewRef(
        new SnapshotView(inbound_snapshot(settings, std::move(own)), live_pools_, views_alive_));
  }

  Loop loop_;
  BlockPool blocks_;
  ArenaPool arenas_;
  Random random_{1};
  WorkerMetrics metrics_;
  MirrorSet mirrors_;
  uint64_t hostile_[kHostileCount] = {};
  std::unique_ptr<Dialer> dialer_ = make_dialer(loop_, blocks_, &metrics_);
  CodecContext codec_{loop_.scheduler(), blocks_, hostile_};
  PoolContext pools_{loop_.scheduler(), codec_, *dialer_, HttpLimits{}};
  EndpointRegistry registry_{pools_};
  LivePools live_pools_{registry_};
  WorkerContext worker_{loop_.scheduler(), blocks_, arenas_, random_, metrics_, mirrors_};
  std::atomic<uint32_t> client_connections_{0};
  ListenerContext context_{loop_, worker_, *dialer_, codec_, client_connections_};
  Address address_;
  uint32_t views_alive_ = 0;
  ViewRef view_;
  std::optional<Listener> listener_;
};

// TLS over a socket, by plain OpenSSL.
struct Client {
  explicit Client(Listening& at)
      : socket(at.connect()),
        tls({.certificate = present_workloads().cart.certificate,
             .key = present_workloads().cart.key,
             .alpn = alpn_wire({"http/1.1"})}) {}

  void step() {
    socket.receive();
    tls.feed(std::exchange(socket.received, {}));
    tls.step();
    socket.send(tls.take_output());
  }

  Peer socket;
  OpensslPeer tls;
};

TEST_CASE("listener: accept, shake hands, answer") {
  Listening at;
  Client client(at);
  REQUIRE(at.until([&] {
    client.step();
    return client.tls.done();
  }));
  client.tls.write(kLoop);
  REQUIRE(at.until([&] {
    client.step();
    return !client.tls.received.empty();
  }));
  CHECK(client.tls.received.starts_with("HTTP/1.1 508 "));
  CHECK(at.handshakes("ok") == 1);
  CHECK(at.listener().connections() == 1);
  client.socket.close();
  REQUIRE(at.until([&] { return at.listener().connections() == 0; }));
}

TEST_CASE("listener: handshakes that come to nothing are counted and forgotten") {
  struct Case {
    std::string_view mtls, words, counted, answer;
  };
  const Case cases[] = {
      {"mtls: strict", "\x16\x03\x01\xff\xff of nothing", "protocol", ""},
      {"mtls: strict", "", "lost", ""},
      {"mtls: strict", "GET / HTTP/1.1\r\nhost: a\r\n\r\n", "plaintext", "HTTP/1.1 403 "},
      {"mtls: strict, protocol: tcp", "anything\r\n", "protocol", ""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.mtls);
    CAPTURE(each.counted);
    Listening at(each.mtls);
    Peer client = at.connect();
    REQUIRE(at.until([&] { return at.listener().connections() == 1; }));
    client.send(each.words);
    client.finish();
    REQUIRE(at.until([&] { return at.listener().connections() == 0; }));
    REQUIRE(at.until([&] {
      client.receive();
      return client.eof || client.error != 0;
    }));
    CHECK(at.handshakes(each.counted) == 1);
    if (!each.answer.empty()) CHECK(client.received.starts_with(each.answer));
  }
}

TEST_CASE("listener: closing waits a while for who has not asked yet") {
  Listening at;
  Peer client = at.connect();  // and says nothing
  at.listener().close();
  CHECK(at.listener().active() == 1);
  REQUIRE(at.until([&] { return at.listener().active() == 0; }));
  REQUIRE(at.until([&] {
    client.receive();
    return client.eof || client.error != 0;
  }));
}

TEST_CASE("listener: a request that comes as it closes is answered, and told of the end") {
  Listening at("mtls: off");
  Peer in_the_queue = at.connect();
  at.listener().close();
  in_the_queue.send(kLoop);
  REQUIRE(at.until([&] {
    in_the_queue.receive();
    return in_the_queue.eof || in_the_queue.error != 0;
  }));
  CHECK(in_the_queue.received.starts_with("HTTP/1.1 508 "));
  CHECK(in_the_queue.received.find("connection: close\r\n") != std::string::npos);
}

// The handshake of a client is of the epoch in which it began.
TEST_CASE("listener: a reload while a client shakes hands") {
  const Workloads renewed(present_workloads().now);
  struct Case {
    std::string_view what, settings;
    TlsContext::Ptr own;
    bool stays;
  };
  const Case cases[] = {
      {"nothing new", "mtls: strict", present_workloads().price_context, true},
      {"renewed", "mtls: strict", present_workloads().context_of(present_workloads().price), true},
      {"mtls is off now", "mtls: off", nullptr, false},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    Listening at;
    Client client(at);
    REQUIRE(at.until([&] { return at.listener().connections() == 1; }));
    at.reload(each.settings, each.own);
    REQUIRE(at.until([&] {
      client.step();
      return client.tls.done() && at.handshakes("ok") == 1;
    }));
    CHECK(at.listener().connections() == (each.stays ? 1 : 0));
  }
}

}  // namespace
