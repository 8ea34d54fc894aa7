// Any bytes from an upstream: no crash, the same answer however they are split, and a connection
// that is used again only when it is clean.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "tests/http/h1/harness.h"

using namespace woad;
using namespace woad::h1::testing;

namespace {

std::string run(std::string_view text, size_t piece, bool to_head) {
  HttpLimits limits;
  limits.header_bytes = 4096;
  ClientHarness client(limits);
  ClientStream& stream = client.ask(to_head ? "HEAD" : "GET");
  stream.releases = false;
  client.peer.send_in_pieces(text, piece);
  client.peer.send_eof();
  client.settle();
  stream.release();
  WOAD_ASSERT(client.codec->room() == 0 && client.done);
  // How much of a broken body was shown before it broke depends on the reads.
  const std::string& log = stream.log.text();
  return log.find("reset(") == std::string::npos ? log : "broken";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool to_head = (data[0] & 0x80U) != 0;
  const size_t piece = (data[0] & 0x7fU) + size_t{1};
  WOAD_ASSERT(run(text, text.size() + 1, to_head) == run(text, piece, to_head));
  return 0;
}
