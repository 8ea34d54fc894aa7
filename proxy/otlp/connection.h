// One connection to a collector and the request on it.
//
// The client hands it over to the loop to die (deferred) once it is closed or no longer wanted;
// from close() on it tells its owner nothing. Control loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/scheduler.h"
#include "proxy/http/codec.h"
#include "proxy/net/transport.h"
#include "proxy/otlp/client.h"

namespace woad {

class OtlpConnectionOwner {
 public:
  // The answer to the request is here whole, or will not come. The next request may be sent at
  // once, if the connection is ready().
  virtual void on_answer(OtlpAnswer answer) = 0;
  // No more requests can be sent: let go of it. The answer of the one under way still comes.
  virtual void on_closed() = 0;

 protected:
  ~OtlpConnectionOwner() = default;
};

class OtlpConnection final : public Deferred,
                             private TransportSink,
                             private ClientConnection,
                             private ResponseSink {
 public:
  OtlpConnection(OtlpConnectionOwner& owner, Scheduler& scheduler, BlockPool& blocks,
                 std::unique_ptr<Transport> transport);
  ~OtlpConnection() override;

  // True when a request may be sent now.
  bool ready() const { return !closed_ && codec_->room() > 0; }
  // What `fill` puts into the head is sent with `body`. Requires ready().
  template <class Fill>
  void ask(const std::string& body, Fill&& fill) {
    arena_.clear();
    auto& head = *arena_.make<RequestHead>(arena_);
    fill(head);
    send(head, body);
  }
  // Nobody listens any more.
  void close();

 private:
  void send(RequestHead& head, const std::string& body);
  void finish();
  void fail(std::string_view why);

  // TransportSink
  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_drained() override;
  void on_lost(std::string_view why) override;
  // ClientConnection
  void on_room_changed() override {}
  void on_codec_done() override;
  // ResponseSink
  void on_interim(ResponseHead&) override {}
  void on_response(ResponseHead& head, bool end) override;
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers&) override { finish(); }
  void on_reset(ResetReason reason, std::string_view why) override;
  void on_writable() override {}
  Arena& arena() override { return arena_; }

  OtlpConnectionOwner& owner_;
  BlockPool& blocks_;
  ArenaPool arenas_;
  Arena arena_{arenas_};
  uint64_t hostile_[kHostileCount] = {};
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ClientCodec> codec_;  // before the transport it speaks through
  RequestWriter* writer_ = nullptr;     // of the request under way
  OtlpAnswer answer_;
  bool closed_ = false;
};

}  // namespace woad
