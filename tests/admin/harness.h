// One admin connection over memory, with a manual clock and a backend that the test sets.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/admin/connection.h"
#include "tests/server/testing.h"
#include "tests/support/memory_transport.h"

namespace woad {

class AdminHarness final : public AdminHost {
 public:
  explicit AdminHarness(AdminScope scope = AdminScope::kAll) {
    connection_ = new AdminConnection(*this, scope, true, peer.connect());
    connection_->start();
  }
  ~AdminHarness() {
    scheduler.end_turn();
    end_process();
  }

  AdminApi& api() override { return api_; }
  CodecContext codec_context() override { return {scheduler, blocks, hostile_}; }
  void on_admin_closed(AdminConnection& connection) override {
    CHECK(&connection == connection_);
    connection_ = nullptr;
    scheduler.defer_delete(std::unique_ptr<Deferred>(&connection));
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
  AdminConnection& connection() { return *connection_; }

  Scheduler scheduler{MonoTime(seconds(1000))};
  BlockPool blocks;
  MemoryPeer peer{scheduler, blocks};
  FakeBackend backend;

 private:
  AdminApi api_{backend};
  uint64_t hostile_[kHostileCount] = {};
  AdminConnection* connection_ = nullptr;
};

}  // namespace woad
