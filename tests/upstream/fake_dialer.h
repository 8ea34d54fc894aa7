// A Dialer whose dials end when the test says so: accept() gives a transport in memory, fail() does
// not. And what a ConnectionPool needs around it.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/upstream/connection_pool.h"
#include "tests/support/memory_transport.h"

namespace woad::test {

class FakeDialer final : public Dialer {
 public:
  struct Call {
    std::string address;
    std::shared_ptr<const Channel> channel;
    DialSink* sink = nullptr;          // nullptr once the dial is over
    bool given_up = false;             // the pool dropped it
    std::unique_ptr<MemoryPeer> peer;  // once accepted: the upstream's end
  };

  FakeDialer(Scheduler& scheduler, BlockPool& blocks) : scheduler_(scheduler), blocks_(blocks) {}

  std::unique_ptr<Dial> dial(const Address& address, const std::shared_ptr<const Channel>& channel,
                             DialSink& sink) override {
    calls.push_back({address.to_string(), channel, &sink, false, nullptr});
    return std::make_unique<FakeDial>(calls.back());
  }

  // `alpn` and `good_until` are what a TLS handshake would have told.
  MemoryPeer& accept(size_t call, std::string_view alpn = "",
                     WallTime good_until = WallTime::max()) {
    Call& accepted = calls[call];
    accepted.peer = std::make_unique<MemoryPeer>(scheduler_, blocks_);
    std::exchange(accepted.sink, nullptr)
        ->on_dialed({accepted.peer->connect(), std::string(alpn), good_until});
    return *accepted.peer;
  }
  MemoryPeer& accept_last() { return accept(calls.size() - 1); }
  void fail(size_t call, std::string_view why = "connection refused") {
    DialSink* sink = std::exchange(calls[call].sink, nullptr);
    sink->on_dial_failed({"connection_refused", calls[call].address + ": " + std::string(why)});
  }
  MemoryPeer& peer(size_t call) { return *calls[call].peer; }

  std::deque<Call> calls;

 private:
  struct FakeDial final : Dial {
    explicit FakeDial(Call& of) : call(of) {}
    ~FakeDial() override {
      call.given_up = call.given_up || call.sink != nullptr;
      call.sink = nullptr;
    }
    Call& call;
  };

  Scheduler& scheduler_;
  BlockPool& blocks_;
};

inline std::shared_ptr<const Channel> plain_channel(Duration timeout = seconds(1)) {
  return std::make_shared<const Channel>(Channel{.connect_timeout = timeout});
}

// Declare before the pools.
struct PoolWorld {
  PoolWorld() = default;
  PoolWorld(const PoolWorld&) = delete;
  PoolWorld& operator=(const PoolWorld&) = delete;
  ~PoolWorld() { scheduler.end_turn(); }

  void turn() { scheduler.end_turn(); }
  void pass(Duration time) {
    scheduler.advance(scheduler.now() + time);
    scheduler.end_turn();
  }

  Scheduler scheduler{MonoTime(seconds(1000)), WallTime(seconds(1'800'000'000))};
  BlockPool blocks;
  ArenaPool arenas;
  uint64_t hostile[kHostileCount] = {};
  FakeDialer dialer{scheduler, blocks};
  PoolContext context{scheduler, {scheduler, blocks, hostile}, dialer, HttpLimits{}};
};

}  // namespace woad::test
