// The server codec against any bytes: the first says how they are cut and what the requests' owner
// does, the rest follows a good preface (or stands alone).
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/http/h2/rig.h"

using namespace woad;
using namespace woad::h2test;

namespace {

void act(ServedStream& stream, unsigned how) {
  switch (how % 6) {
    case 0:
      stream.respond(200, false, {{"X-A", "b"}});
      stream.writer->write_data(stream.world.bytes("some body"), false);
      stream.trailers({{"t", "1"}});
      return stream.release();
    case 1: return stream.release(ResetReason::kInternal);
    case 2: return stream.writer->hold_reading(true);
    case 3: {
      stream.respond(200, false);
      const std::string large(200000, 'x');
      return stream.writer->write_data(stream.world.bytes(large), true);
    }
    case 4: stream.interim(103); return stream.respond(204, true);
    default: return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 2) return 0;
  const unsigned how = bytes[0];
  const std::string_view input(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  HttpLimits limits;
  limits.header_bytes = 2000;
  limits.header_count = 20;
  limits.concurrent_streams = 8;
  World world;
  ServerSide server(world, limits);
  server.on_each = [&](ServedStream& stream) { act(stream, how); };
  if ((how & 0x80) == 0) server.send(preface());
  if ((how & 0x40) != 0) server.peer.accept(1000);
  server.peer.send_in_pieces(input, bytes[1] == 0 ? SIZE_MAX : bytes[1]);
  if ((how & 0x20) != 0) server.codec->begin_drain();
  world.turn();
  server.peer.accept(SIZE_MAX);
  for (ServedStream& stream : server.streams) {
    if (stream.writer != nullptr && stream.log.find("reset") == std::string::npos) {
      stream.writer->hold_reading(false);
    }
  }
  world.pass(seconds(2));
  if ((how & 0x10) != 0) server.peer.send_eof();
  world.turn();
  for (ServedStream& stream : server.streams) {
    if (stream.writer != nullptr) stream.release();
  }
  world.turn();
  for (int i = 0; i < 8; ++i) world.pass(seconds(4));  // sweeps, one a pass
  world.pass(minutes(6));
  // Whatever came in, the connection ends by itself and leaves no stream.
  world.pass(minutes(6));
  WOAD_ASSERT(server.codec->active_streams() == 0);
  WOAD_ASSERT(server.done);
  return 0;
}
