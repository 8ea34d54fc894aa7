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
    // How much of a broken body was shown before it broke depends on the reads.
    const bool whole = stream->bad_status == 0 && !stream->was_reset;
    seen += (whole ? stream->log.text() : std::string("refused")) + "\n";
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = run(text, text.size() + 1);
  const std::string split = run(text, data[0] + size_t{1});
  // Bytes behind a refused upgrade are judged by whether they came before the answer.
  if (whole.find(" upgrade=") == std::string::npos) WOAD_ASSERT(whole == split);
  return 0;
}
