// One admin connection over memory, with a manual clock and a backend that the test sets.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/admin/api.h"
#include "proxy/web/connection.h"
#include "tests/server/testing.h"
#include "tests/support/memory_transport.h"

namespace woad {

class AdminHarness final : private WebHost, private WebHandler {
 public:
  explicit AdminHarness(AdminScope scope = AdminScope::kAll) : scope_(scope) {
    connection_ =
        new WebConnection(*this, WebConnection::Protocols::kByFirstBytes, {}, peer.connect());
    connection_->start();
  }
  ~AdminHarness() {
    scheduler.end_turn();
    end_process();
  }

  std::string send(std::string_view bytes) {
    peer.send(bytes);
    return turn();
  }
  // What the client got by the end of a turn.
  std::string turn() {
    scheduler.end_turn();
    return peer.take_received();
  }
  void pass(Duration time) { scheduler.advance(scheduler.now() + time); }
  // As the server's destructor does: outside a turn, whatever runs.
  void end_process() {
    delete std::exchange(connection_, nullptr);
    scheduler.end_turn();
  }
  bool ended() const { return connection_ == nullptr; }

  Scheduler scheduler{MonoTime(seconds(1000))};
  BlockPool blocks;
  MemoryPeer peer{scheduler, blocks};
  FakeBackend backend;

 private:
  std::unique_ptr<WebPending> answer(WebRequest request, Done done) override {
    api_.answer(request.head, scope_, true, std::move(done));
    return nullptr;
  }
  WebHandler& handler() override { return *this; }
  CodecContext codec_context() override { return {scheduler, blocks, hostile_}; }
  ArenaPool& arenas() override { return arenas_; }
  size_t most_of_body() const override { return size_t{64} * 1024; }
  bool take_memory(size_t) override { return true; }
  void release_memory(size_t) override {}
  void on_closed(WebConnection& connection) override {
    CHECK(&connection == connection_);
    connection_ = nullptr;
    scheduler.defer_delete(std::unique_ptr<Deferred>(&connection));
  }

  const AdminScope scope_;
  AdminApi api_{backend};
  ArenaPool arenas_;
  uint64_t hostile_[kHostileCount] = {};
  WebConnection* connection_ = nullptr;
};

}  // namespace woad
