// A finished span, as it waits to be exported: a fixed size, so that recording one allocates
// nothing.
//
// Names are those of the OpenTelemetry semantic conventions for HTTP spans
// (https://opentelemetry.io/docs/specs/semconv/http/http-spans/); what is ours begins with woad.
// A value; one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/observe/trace_id.h"

namespace woad {

// The numbers are those of opentelemetry/proto/trace/v1/trace.proto.
enum class SpanKind : uint8_t { kInternal = 1, kServer = 2, kClient = 3 };
enum class SpanStatus : uint8_t { kUnset = 0, kOk = 1, kError = 2 };

enum class SpanKey : uint8_t {
  kMethod,          // http.request.method; _OTHER for what the conventions do not list
  kMethodOriginal,  // http.request.method_original, then
  kPath,            // url.path, without the query, which may hold secrets
  kScheme,          // url.scheme
  kServerAddress,   // server.address: the host asked for, or the endpoint of a try
  kServerPort,      // server.port; a number
  kClientAddress,   // client.address
  kProtocol,        // network.protocol.version
  kStatusCode,      // http.response.status_code; a number
  kErrorType,       // error.type: a code of config/reference.md ("Errors"), else the status
  kResendCount,     // http.request.resend_count; a number, from the second try on
  kDirection,       // woad.direction, and so on
  kService,
  kRoute,
  kPool,
  kPoolReason,
  kColor,
  kTenant,
  kContextSource,
  kAttempt,  // a number
  kRequestId,
  kUpstreamHost,
};
std::string_view to_string(SpanKey key);

class Span {
 public:
  static constexpr size_t kMaxAttributes = 24;
  // Of one text, and of all texts of a span together, in bytes; what is over is cut or left out.
  static constexpr size_t kMaxText = 256;
  static constexpr size_t kMaxTexts = 640;

  TraceId trace;
  SpanId id;
  SpanId parent;  // not valid(): a root
  SpanKind kind = SpanKind::kInternal;
  SpanStatus status = SpanStatus::kUnset;
  uint64_t start_ns = 0;  // since 1970, UTC
  uint64_t end_ns = 0;

  // Forgets what was there.
  void reset();
  void set_name(std::string_view name) { name_ = keep(name); }
  // The sentence of a status kError.
  void set_message(std::string_view message) { message_ = keep(message); }
  // Each key once. An empty text is left out.
  void add(SpanKey key, std::string_view text);
  void add(SpanKey key, uint64_t number);

  std::string_view name() const { return view(name_); }
  std::string_view message() const { return view(message_); }
  // Attributes that found no room.
  uint32_t left_out() const { return left_out_; }
  // Calls visit(SpanKey, std::string_view) or visit(SpanKey, uint64_t) for each, in order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (size_t i = 0; i < size_; ++i) {
      const Attribute& each = attributes_[i];
      if (each.is_text) {
        visit(each.key, view(each.text));
      } else {
        visit(each.key, each.number);
      }
    }
  }

 private:
  struct Piece {
    uint16_t offset = 0;
    uint16_t size = 0;
  };
  struct Attribute {
    uint64_t number;
    Piece text;
    SpanKey key;
    bool is_text;
  };

  Piece keep(std::string_view text);
  std::string_view view(Piece piece) const { return {texts_.data() + piece.offset, piece.size}; }

  Piece name_;
  Piece message_;
  uint16_t used_ = 0;
  uint16_t size_ = 0;
  uint32_t left_out_ = 0;
  std::array<Attribute, kMaxAttributes> attributes_;
  std::array<char, kMaxTexts> texts_;
};

}  // namespace woad
