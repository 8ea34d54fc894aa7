#include "proxy/http/detect.h"

namespace woad {

Detected detect_protocol(std::string_view first) {
  if (first.size() >= kHttp2Preface.size()) {
    return first.starts_with(kHttp2Preface) ? Detected::kHttp2 : Detected::kHttp1;
  }
  return kHttp2Preface.starts_with(first) ? Detected::kNeedMore : Detected::kHttp1;
}

}  // namespace woad
