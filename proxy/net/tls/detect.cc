#include "proxy/net/tls/detect.h"

namespace woad {
namespace {

constexpr char kAlert = 0x15;
constexpr char kHandshake = 0x16;
constexpr char kMajorVersion = 0x03;

LooksLike judge(std::string_view first, bool alert_too) {
  if (first.empty()) return LooksLike::kNeedMore;
  if (first[0] != kHandshake && !(alert_too && first[0] == kAlert)) return LooksLike::kPlaintext;
  if (first.size() < 2) return LooksLike::kNeedMore;
  return first[1] == kMajorVersion ? LooksLike::kTls : LooksLike::kPlaintext;
}

}  // namespace

LooksLike looks_like_tls(std::string_view first) { return judge(first, false); }

LooksLike server_looks_like_tls(std::string_view first) { return judge(first, true); }

}  // namespace woad
