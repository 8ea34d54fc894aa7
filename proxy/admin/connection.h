// One HTTP/1.1 connection to an admin address, and its requests.
//
// Owned by its host; ends itself through AdminHost::on_admin_closed(). Control loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "proxy/admin/api.h"
#include "proxy/admin/stream.h"
#include "proxy/base/intrusive_list.h"
#include "proxy/http/codec.h"
#include "proxy/net/transport.h"

namespace woad {

class AdminConnection;

// Outlives its connections.
class AdminHost {
 public:
  virtual AdminApi& api() = 0;
  virtual CodecContext codec_context() = 0;
  // Unlinks and deletes the connection at the end of the turn.
  virtual void on_admin_closed(AdminConnection& connection) = 0;

 protected:
  ~AdminHost() = default;
};

class AdminConnection final : public Deferred,
                              public ListLink,
                              private TransportSink,
                              private ServerConnection {
 public:
  // A request's body is read and thrown away up to here; over it the answer is 413.
  static constexpr uint64_t kMaxBody = 64 * 1024;

  AdminConnection(AdminHost& host, AdminScope scope, bool loopback,
                  std::unique_ptr<Transport> transport);
  ~AdminConnection() override;

  void start();
  // Ends with the present answer, or now.
  void drain();

  // For its streams.
  void ask(const RequestHead& request, AdminApi::Done done);
  CodecContext codec_context() const { return host_.codec_context(); }
  // The answer goes on for as long as the client wants it, and is the last of its connection.
  void on_stream_begins_body() { streaming_ = true; }
  // Deletes the stream at the end of the turn.
  void on_stream_end(AdminStream& stream);

 private:
  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_drained() override;
  void on_lost(std::string_view why) override;
  RequestSink& on_stream(ResponseWriter& writer) override;
  void on_codec_done() override { close(); }

  void close();

  AdminHost& host_;
  AdminScope scope_;
  bool loopback_;
  bool closing_ = false;
  bool streaming_ = false;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ServerCodec> codec_;
  IntrusiveList<AdminStream> streams_;
};

}  // namespace woad
