// The client codec against any bytes from an upstream, with three requests waiting.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/http/h2/rig.h"

using namespace woad;
using namespace woad::h2test;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 2) return 0;
  const unsigned how = bytes[0];
  const std::string_view input(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  HttpLimits limits;
  limits.header_bytes = 2000;
  limits.header_count = 20;
  World world;
  ClientSide client(world, limits);
  client.open().ask("GET", "/", true);
  AskedStream& post = client.open();
  post.ask("POST", "/", false);
  post.writer->write_data(world.bytes(std::string(100000, 'x')), (how & 1) != 0);
  client.open().ask("HEAD", "/", true);
  if ((how & 2) != 0) client.streams[0].writer->hold_reading(true);
  if ((how & 4) != 0) client.peer.accept(1000);
  if ((how & 0x80) == 0) client.send(settings());
  client.peer.send_in_pieces(input, bytes[1] == 0 ? SIZE_MAX : bytes[1]);
  client.peer.accept(SIZE_MAX);
  world.turn();
  if ((how & 8) != 0) client.codec->begin_drain();
  if ((how & 16) != 0) client.peer.send_eof();
  world.turn();
  for (AskedStream& stream : client.streams) {
    if (stream.writer != nullptr) stream.release();
  }
  world.turn();
  for (int i = 0; i < 3; ++i) world.pass(seconds(16));
  WOAD_ASSERT(client.codec->active_streams() == 0);
  return 0;
}
