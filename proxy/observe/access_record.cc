#include "proxy/observe/access_record.h"

#include <algorithm>

#include "proxy/base/rfc3339.h"
#include "proxy/base/strings.h"
#include "proxy/observe/json_text.h"

namespace woad {
namespace {

// Writes `,"key":` in front of each value.
class Line {
 public:
  explicit Line(std::string& out) : out_(out) {}

  void text(std::string_view key, std::string_view value, size_t limit = kMaxLoggedText) {
    begin(key);
    append_json_string(out_, value, limit);
  }
  void number(std::string_view key, uint64_t value) {
    begin(key);
    append_decimal(out_, value);
  }
  void begin(std::string_view key) {
    out_ += ",\"";
    out_ += key;
    out_ += "\":";
  }

 private:
  std::string& out_;
};

}  // namespace

void append_json_members(std::string& out, const AccessRecord& record) {
  Line line(out);
  out += "\"start_time\":\"";
  append_rfc3339(out, record.start_time);
  out += '"';
  line.text("direction", record.direction);
  line.text("method", record.method);
  line.text("path", record.path, kMaxLoggedPath);
  if (record.query) line.text("query", *record.query, kMaxLoggedPath);
  line.text("authority", record.authority);
  line.text("protocol", record.protocol);
  line.number("response_code", static_cast<uint64_t>(record.response_code));
  line.text("response_flags", record.response_flags);
  const auto us =
      static_cast<uint64_t>(std::max<Duration>(record.duration, Duration(0)) / microseconds(1));
  line.number("duration_ms", us / 1000);
  out += '.';
  append_decimal(out, us % 1000, 3);
  line.number("bytes_received", record.bytes_received);
  line.number("bytes_sent", record.bytes_sent);
  line.text("service", record.service);
  line.text("route", record.route);
  line.text("pool", record.pool);
  line.text("pool_reason", record.pool_reason);
  line.text("color", record.color);
  line.text("tenant", record.tenant);
  line.text("ctx_source", record.ctx_source);
  line.text("upstream_host", record.upstream_host);
  line.number("attempts", record.attempts);
  line.text("peer", record.peer);
  line.text("trace_id", record.trace_id);
  line.text("span_id", record.span_id);
  line.text("request_id", record.request_id);
  if (record.error.empty()) {
    line.begin("error");
    out += "null";
  } else {
    line.text("error", record.error);
  }
  line.text("why", record.why);
}

void append_json_line(std::string& out, const AccessRecord& record) {
  out += '{';
  append_json_members(out, record);
  out += "}\n";
}

}  // namespace woad
