// The first bytes of a client: no crash, and what was decided stays so, whatever comes behind.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/http/detect.h"
#include "proxy/net/tls/client_hello.h"

using namespace woad;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view first = text.substr(0, std::min<size_t>(data[0], text.size()));
  const ClientHello hello = read_client_hello(first);
  const ClientHello later = read_client_hello(text);
  if (hello.kind != ClientHello::Kind::kNeedMore) {
    WOAD_ASSERT(later.kind == hello.kind && later.server_name == hello.server_name);
  }
  WOAD_ASSERT(later.kind == ClientHello::Kind::kRead || later.server_name.empty());
  const Detected detected = detect_among_any(first);
  if (detected != Detected::kNeedMore) WOAD_ASSERT(detect_among_any(text) == detected);
  return 0;
}
