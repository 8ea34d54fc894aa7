// A head is judged alike whole and in two parts, and what passes keeps the rules it was scanned
// for.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/http/h1/head_scan.h"

using namespace woad;
using namespace woad::h1;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto kind = static_cast<HeadScan::Kind>(data[0] % 3);
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t cut = text.size() * data[1] / 256;
  HttpLimits limits;
  limits.header_bytes = 512;
  limits.header_count = 8;
  limits.target_bytes = 64;

  HeadScan whole(kind);
  const HeadScan::State state = whole.scan(text, limits);
  HeadScan parts(kind);
  HeadScan::State last = parts.scan(std::string(text.substr(0, cut)), limits);
  if (last == HeadScan::State::kIncomplete) last = parts.scan(text, limits);
  WOAD_ASSERT(last == state);
  if (state != HeadScan::State::kComplete) return 0;
  WOAD_ASSERT(whole.size() == parts.size() && whole.size() <= limits.header_bytes);
  const std::string_view head = text.substr(0, whole.size());
  WOAD_ASSERT(head.ends_with("\r\n"));
  for (size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
    WOAD_ASSERT(at > 0 && head[at - 1] == '\r');
    if (at + 1 < head.size()) WOAD_ASSERT(head[at + 1] != ' ' && head[at + 1] != '\t');
  }
  return 0;
}
