// Any bytes at a server codec: no crash, and the same requests however the bytes are split.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "tests/http/h1/harness.h"

using namespace woad;
using namespace woad::h1::testing;

namespace {

std::string run(std::string_view text, size_t piece) {
  HttpLimits limits;
  limits.header_bytes = 4096;
  limits.target_bytes = 256;
  ServerHarness server(limits);
  server.peer.send_in_pieces(text, piece);
  server.settle();
  server.peer.send_eof();
  server.settle();
  std::string seen;
  for (const auto& stream : server.streams) {
    seen += stream->log.text() + " " + std::to_string(stream->bad_status) + "\n";
    for (const char c : stream->log.text()) WOAD_ASSERT(c != '\0' || !stream->body.empty());
  }
  return seen + server.peer.received();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  WOAD_ASSERT(run(text, text.size() + 1) == run(text, data[0] + size_t{1}));
  return 0;
}
