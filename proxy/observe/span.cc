#include "proxy/observe/span.h"

#include <algorithm>

#include "proxy/observe/json_text.h"

namespace woad {

std::string_view to_string(SpanKey key) {
  switch (key) {
    case SpanKey::kMethod: return "http.request.method";
    case SpanKey::kMethodOriginal: return "http.request.method_original";
    case SpanKey::kPath: return "url.path";
    case SpanKey::kScheme: return "url.scheme";
    case SpanKey::kServerAddress: return "server.address";
    case SpanKey::kServerPort: return "server.port";
    case SpanKey::kClientAddress: return "client.address";
    case SpanKey::kProtocol: return "network.protocol.version";
    case SpanKey::kStatusCode: return "http.response.status_code";
    case SpanKey::kErrorType: return "error.type";
    case SpanKey::kResendCount: return "http.request.resend_count";
    case SpanKey::kDirection: return "woad.direction";
    case SpanKey::kService: return "woad.service";
    case SpanKey::kRoute: return "woad.route";
    case SpanKey::kPool: return "woad.pool";
    case SpanKey::kPoolReason: return "woad.pool_reason";
    case SpanKey::kColor: return "woad.color";
    case SpanKey::kTenant: return "woad.tenant";
    case SpanKey::kContextSource: return "woad.ctx_source";
    case SpanKey::kAttempt: return "woad.attempt";
    case SpanKey::kRequestId: return "woad.request_id";
    case SpanKey::kUpstreamHost: return "woad.upstream_host";
  }
  return {};
}

// Not by assignment of a new one: that would copy all the room for texts.
void Span::reset() {
  trace = {};
  id = parent = {};
  kind = SpanKind::kInternal;
  status = SpanStatus::kUnset;
  start_ns = end_ns = 0;
  name_ = message_ = {};
  used_ = size_ = 0;
  left_out_ = 0;
}

Span::Piece Span::keep(std::string_view text) {
  text = cut_text(text, std::min(kMaxText, kMaxTexts - used_));
  std::copy(text.begin(), text.end(), texts_.begin() + used_);
  const Piece piece{used_, static_cast<uint16_t>(text.size())};
  used_ = static_cast<uint16_t>(used_ + text.size());
  return piece;
}

void Span::add(SpanKey key, std::string_view text) {
  if (text.empty()) return;
  if (size_ == kMaxAttributes || used_ == kMaxTexts) {
    ++left_out_;
    return;
  }
  attributes_[size_++] = {0, keep(text), key, true};
}

void Span::add(SpanKey key, uint64_t number) {
  if (size_ == kMaxAttributes) {
    ++left_out_;
    return;
  }
  attributes_[size_++] = {number, {}, key, false};
}

}  // namespace woad
