#include "proxy/http/detect.h"

#include <algorithm>

#include "proxy/http/byte_class.h"

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

bool is_token_char(char c) { return is_in(c, kInToken); }

// What is longer is judged by its beginning.
constexpr size_t kLongestLine = size_t{16} * 1024;

Detected judge_line(std::string_view text) {
  const size_t method =
      static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is_token_char) - text.begin());
  if (method == text.size()) {
    return method > kLongestLine ? Detected::kNeither : Detected::kNeedMore;
  }
  if (method == 0 || text[method] != ' ') return Detected::kNeither;
  const size_t end = text.find_first_of("\r\n");
  if (end == std::string_view::npos) {
    return text.size() > kLongestLine ? Detected::kHttp1 : Detected::kNeedMore;
  }
  const std::string_view line = text.substr(0, end);
  return line.substr(line.rfind(' ') + 1).starts_with("HTTP/") ? Detected::kHttp1
                                                               : Detected::kNeither;
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

Detected detect_among_any(std::string_view first) {
  const Detected http2 = detect_protocol(first);
  if (http2 == Detected::kHttp2 || http2 == Detected::kNeedMore) return http2;
  // RFC 9112 section 2.2: an empty line may stand in front.
  constexpr std::string_view kBlank = "\r\n";
  if (first == kBlank.substr(0, first.size())) return Detected::kNeedMore;
  if (first.starts_with(kBlank)) first.remove_prefix(kBlank.size());
  return judge_line(first);
}

}  // namespace woad
