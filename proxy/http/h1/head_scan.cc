#include "proxy/http/h1/head_scan.h"

#include <algorithm>
#include <cstring>

#include "proxy/base/strings.h"
#include "proxy/http/byte_class.h"
#include "proxy/http/validate.h"

namespace woad::h1 {
namespace {

// Beside the target, a request line holds a method and a version.
constexpr size_t kLineOverhead = kLongestMethod + sizeof("  HTTP/1.1");

}  // namespace

bool HeadScan::bad(Hostile kind, int status, std::string_view why) {
  fault_ = {kind, ErrorCode::kBadRequest, status, why};
  if (status == 414) fault_.code = ErrorCode::kTargetTooLong;
  if (status == 431) fault_.code = ErrorCode::kHeadersTooLarge;
  return false;
}

HeadScan::State HeadScan::scan(std::string_view bytes, const HttpLimits& limits) {
  // A head over the limit is not looked at further than that.
  const size_t usable = std::min(bytes.size(), limits.header_bytes);
  const char* const begin = bytes.data();
  if (kind_ == Kind::kTrailers) first_line_ = false;
  while (searched_ < usable) {
    const auto* found =
        static_cast<const char*>(std::memchr(begin + searched_, '\n', usable - searched_));
    if (found == nullptr) {
      searched_ = static_cast<uint32_t>(usable);
      break;
    }
    const auto at = static_cast<uint32_t>(found - begin);
    if (at == line_ || found[-1] != '\r') {
      bad(Hostile::kMalformedHead, 400, "a line ends without a carriage return");
      return State::kBad;
    }
    const std::string_view line(begin + line_, at - 1 - line_);
    line_ = searched_ = at + 1;
    if (!scan_line(line, limits)) return State::kBad;
    if (ended_) return State::kComplete;
  }
  return bad_size(bytes, limits) ? State::kBad : State::kIncomplete;
}

bool HeadScan::bad_size(std::string_view bytes, const HttpLimits& limits) {
  if (first_line_ && kind_ == Kind::kRequest &&
      bytes.size() > limits.target_bytes + kLineOverhead) {
    bad(Hostile::kTarget, 414, "the request target is longer than limits.headers.target");
    return true;
  }
  if (bytes.size() < limits.header_bytes) return false;
  bad(Hostile::kHeadersTooLarge, 431,
      kind_ == Kind::kTrailers ? "the trailer section is larger than limits.headers.bytes"
                               : "the head is larger than limits.headers.bytes");
  return true;
}

bool HeadScan::scan_line(std::string_view line, const HttpLimits& limits) {
  if (first_line_) {
    first_line_ = false;
    start_line_ = line_;
    return kind_ == Kind::kRequest ? scan_request_line(line, limits) : scan_status_line(line);
  }
  if (line.empty()) {
    ended_ = true;
    return true;
  }
  switch (line[0]) {
    case ' ':
    case '\t': return bad(Hostile::kMalformedHead, 400, "a field line is folded");
    case ':': return bad(Hostile::kMalformedHead, 400, "a field has no name");
    case '\r': return bad(Hostile::kMalformedHead, 400, "a carriage return does not end a line");
    default: break;
  }
  if (++fields_ <= limits.header_count) return true;
  return bad(Hostile::kHeadersTooLarge, 431, "there are more fields than limits.headers.count");
}

bool HeadScan::scan_request_line(std::string_view line, const HttpLimits& limits) {
  const size_t first = line.find(' ');
  if (first == 0 || first == std::string_view::npos) {
    return bad(Hostile::kMalformedHead, 400, "the request line is not method, target and version");
  }
  if (first > kLongestMethod) return bad(Hostile::kMalformedHead, 501, kMethodTooLong);
  method_size_ = static_cast<uint32_t>(first);
  const size_t second = line.find(' ', first + 1);
  if (second == std::string_view::npos || second == first + 1) {
    return bad(Hostile::kMalformedHead, 400, "the request line is not method, target and version");
  }
  const size_t target_size = second - first - 1;
  if (target_size > limits.target_bytes) {
    return bad(Hostile::kTarget, 414, "the request target is longer than limits.headers.target");
  }
  target_size_ = static_cast<uint32_t>(target_size);
  return scan_version(line.substr(second + 1));
}

bool HeadScan::scan_status_line(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) {
    return bad(Hostile::kMalformedHead, 400, "the status line is not version, status and reason");
  }
  if (!scan_version(line.substr(0, space))) return false;
  const std::string_view rest = line.substr(space + 1);
  if (!is_text(rest)) {
    return bad(Hostile::kMalformedHead, 400, "the reason phrase has a byte that it must not have");
  }
  const bool status = rest.size() >= 3 && is_digit(rest[0]) && is_digit(rest[1]) &&
                      is_digit(rest[2]) && (rest.size() == 3 || rest[3] == ' ');
  return status || bad(Hostile::kMalformedHead, 400, "the status is not a number of three digits");
}

bool HeadScan::scan_version(std::string_view version) {
  const bool shape = version.size() == 8 && version.substr(0, 5) == "HTTP/" &&
                     is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  if (!shape) return bad(Hostile::kMalformedHead, 400, "the HTTP version is malformed");
  minor_ = static_cast<uint8_t>(version[7] - '0');
  if (version[5] == '1' && minor_ <= 1) return true;
  return bad(Hostile::kMalformedHead, 505, "the HTTP version is neither 1.0 nor 1.1");
}

}  // namespace woad::h1
