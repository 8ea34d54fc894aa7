// A raw look at the bytes of a head before any parser sees them: where it ends, that it keeps the
// limits, and that it has none of the forms which parsers read differently.
//
// Bare line feeds, folded lines, empty field names, empty lines in front, and start lines of other
// protocols are refused here (RFC 9112 sections 2.2, 3, 5.1, 5.2), for heads and for trailer
// sections alike. One pass; bytes are looked at once, however they arrive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/http/codec.h"
#include "proxy/http/outcome.h"

namespace woad::h1 {

// Why bytes were refused; `why` has static storage and no final dot.
struct Fault {
  Hostile kind = Hostile::kMalformedHead;
  ErrorCode code = ErrorCode::kBadRequest;
  int status = 400;
  std::string_view why;
};

class HeadScan {
 public:
  enum class Kind : uint8_t { kRequest, kResponse, kTrailers };
  enum class State : uint8_t { kIncomplete, kComplete, kBad };

  explicit HeadScan(Kind kind) : kind_(kind) {}

  // `bytes` starts with the first byte of the head and holds all that has come so far (it may have
  // moved and grown since the last call). kBad: see fault().
  State scan(std::string_view bytes, const HttpLimits& limits);
  void reset() { *this = HeadScan(kind_); }

  // Of a complete head: its length, with the empty line.
  size_t size() const { return line_; }
  // Of a complete start line, with its line feed.
  size_t start_line_size() const { return start_line_; }
  const Fault& fault() const { return fault_; }

  // Of a request whose first line was complete, as views into `bytes` of that scan; else empty.
  std::string_view method(std::string_view bytes) const { return bytes.substr(0, method_size_); }
  std::string_view target(std::string_view bytes) const {
    return bytes.substr(target_size_ == 0 ? 0 : method_size_ + 1, target_size_);
  }
  // Of a complete first line: 0 or 1 of HTTP/1.0 or HTTP/1.1.
  uint8_t minor() const { return minor_; }

 private:
  bool bad(Hostile kind, int status, std::string_view why);
  bool bad_size(std::string_view bytes, const HttpLimits& limits);
  bool scan_line(std::string_view line, const HttpLimits& limits);
  bool scan_request_line(std::string_view line, const HttpLimits& limits);
  bool scan_status_line(std::string_view line);
  bool scan_version(std::string_view version);

  Kind kind_;
  bool first_line_ = true;
  bool ended_ = false;
  uint8_t minor_ = 1;
  uint32_t fields_ = 0;
  uint32_t line_ = 0;      // where the line begins that is looked at
  uint32_t searched_ = 0;  // no line feed before this
  uint32_t start_line_ = 0;
  uint32_t method_size_ = 0;
  uint32_t target_size_ = 0;
  Fault fault_;
};

}  // namespace woad::h1
