#include "proxy/http/detect.h"

namespace woad {
namespace {

// A whole first line of three words whose last is no protocol version: no slash in it.
bool names_no_protocol(std::string_view first) {
  const std::string_view line = first.substr(0, first.find_first_of("\r\n"));
  if (line.size() == first.size()) return false;
  const size_t last = line.rfind(' ');
  if (last == std::string_view::npos || line.find(' ') == last) return false;
  const std::string_view version = line.substr(last + 1);
  return !version.empty() && version.find('/') == std::string_view::npos;
}

// No text begins so, but for the empty lines that RFC 9112 section 2.2 allows before a request.
bool is_binary(unsigned char first) {
  return first != '\r' && first != '\n' && (first < ' ' || first >= 0x7f);
}

}  // namespace

Detected detect_protocol(std::string_view first) {
  if (first.size() >= kHttp2Preface.size()) {
    if (first.starts_with(kHttp2Preface)) return Detected::kHttp2;
  } else if (kHttp2Preface.starts_with(first)) {
    return Detected::kNeedMore;
  }
  return is_binary(static_cast<unsigned char>(first[0])) || names_no_protocol(first)
             ? Detected::kNeither
             : Detected::kHttp1;
}

}  // namespace woad
