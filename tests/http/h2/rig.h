// Both codecs over memory, with sinks that write down what happens and can be told to act.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "proxy/http/h2/client_codec.h"
#include "proxy/http/h2/server_codec.h"
#include "tests/http/h2/frames.h"
#include "tests/support/memory_transport.h"

namespace woad::h2test {

// "GET http a /x HTTP/2 [length=5] [te] [expect] name=value …"
std::string describe(const RequestHead& head);
std::string describe(const ResponseHead& head);
std::string describe(const Headers& headers);

// What a worker would log of connections.
struct FaultNotes final : FaultSink {
  void on_connection_fault(const Address&, Hostile kind, std::string_view why) override {
    text += std::string(to_string(kind)) + ": " + std::string(why) + "\n";
  }
  std::string text;
};

struct World {
  Scheduler scheduler{MonoTime(seconds(1000))};
  BlockPool blocks;
  ArenaPool arenas;
  uint64_t hostile[kHostileCount] = {};
  FaultNotes faults;
  CodecContext context{scheduler, blocks, hostile, &faults};

  uint64_t count(Hostile kind) const { return hostile[static_cast<size_t>(kind)]; }
  void turn() { scheduler.end_turn(); }
  void pass(Duration time);
  Buffer bytes(std::string_view text);
};

// Feeds a codec from a transport.
template <class Codec>
struct Feed final : TransportSink {
  Codec* codec = nullptr;
  void on_bytes(Slice bytes) override { codec->on_bytes(std::move(bytes)); }
  void on_eof() override { codec->on_eof(); }
  void on_drained() override { codec->on_transport_drained(); }
  void on_lost(std::string_view why) override { codec->on_transport_lost(why); }
};

// One request as its server sees it. Every event adds a line to `log`.
struct ServedStream final : RequestSink {
  ServedStream(World& of, ResponseWriter& to) : world(of), writer(&to), own_arena(of.arenas) {}

  void on_request(RequestHead& head, bool end) override;
  void on_bad_request(RequestHead& head, LocalReply reply) override;
  void on_bad_body(LocalReply reply) override { log += "bad body: " + reply.details + "\n"; }
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers& trailers) override;
  void on_reset(ResetReason reason, std::string_view why) override;
  void on_writable() override { log += "writable\n"; }
  Arena& arena() override { return own_arena; }

  // Writes a final head, "name=value" fields in a row.
  void respond(int status, bool end, const FieldList& fields = {},
               std::optional<uint64_t> length = {});
  void interim(int status);
  void trailers(const FieldList& fields);
  void release(ResetReason reason = ResetReason::kCancel);

  World& world;
  ResponseWriter* writer;
  Arena own_arena;
  std::string log;
  std::string body;
  bool release_on_reset = true;
  std::function<void(ServedStream&)> then;  // on the request's head
};

struct ServerSide final : ServerConnection {
  explicit ServerSide(World& of, const HttpLimits& limits = {});

  RequestSink& on_stream(ResponseWriter& writer) override;
  void on_codec_done() override { done = true; }

  // The frames written since the last call, after the turn's end.
  std::string output();
  // Sends bytes and ends the turn.
  void send(std::string_view bytes);
  std::string logs() const;

  World& world;
  MemoryPeer peer;
  std::unique_ptr<Transport> transport;
  Feed<ServerCodec> feed;
  FrameReader reader;
  std::deque<ServedStream> streams;
  std::function<void(ServedStream&)> on_each;  // given to each stream as `then`
  bool done = false;
  std::unique_ptr<H2ServerCodec> codec;
};

// One request as its client sees it.
struct AskedStream final : ResponseSink {
  explicit AskedStream(World& of) : world(of), own_arena(of.arenas) {}

  void on_interim(ResponseHead& head) override;
  void on_response(ResponseHead& head, bool end) override;
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers& trailers) override;
  void on_reset(ResetReason reason, std::string_view why) override;
  void on_writable() override { log += "writable\n"; }
  Arena& arena() override { return own_arena; }

  void ask(std::string_view method, std::string_view path, bool end, const FieldList& fields = {},
           std::optional<uint64_t> length = {});
  void trailers(const FieldList& fields);
  void release(ResetReason reason = ResetReason::kCancel);

  World& world;
  RequestWriter* writer = nullptr;
  Arena own_arena;
  std::string log;
  std::string body;
  bool release_on_reset = true;
};

struct ClientSide final : ClientConnection {
  explicit ClientSide(World& of, const HttpLimits& limits = {});

  void on_room_changed() override { ++room_changes; }
  void on_codec_done() override { done = true; }

  AskedStream& open();
  std::string output();
  void send(std::string_view bytes);

  World& world;
  MemoryPeer peer;
  std::unique_ptr<Transport> transport;
  Feed<ClientCodec> feed;
  FrameReader reader;
  std::deque<AskedStream> streams;
  int room_changes = 0;
  bool done = false;
  std::unique_ptr<H2ClientCodec> codec;
};

// A client wired to a server: run() passes bytes to and fro until both are quiet.
struct Pair {
  explicit Pair(const HttpLimits& limits = {}) : server(world, limits), client(world, limits) {}
  void run();

  World world;
  ServerSide server;
  ClientSide client;
};

}  // namespace woad::h2test
