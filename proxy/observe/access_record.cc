#include "proxy/observe/access_record.h"

#include <algorithm>
#include <array>

#include "proxy/base/strings.h"

namespace woad {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Bytes that stand for themselves inside a JSON string.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

// Length of the well-formed UTF-8 sequence at the start of `text`, whose first byte is above 0x7f;
// 0 when there is none (table 3-7 of the Unicode Standard).
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  const auto within = [&](size_t at, unsigned low, unsigned high) {
    return at < text.size() && byte(at) >= low && byte(at) <= high;
  };
  const unsigned first = byte(0);
  if (first >= 0xc2 && first <= 0xdf) return within(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return within(1, low, high) && within(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return within(1, low, high) && within(2, 0x80, 0xbf) && within(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

void append_code(std::string& out, unsigned code) {
  const char text[] = {'\\', 'u', '0', '0', kHex[code >> 4 & 15], kHex[code & 15]};
  out.append(text, sizeof text);
}

// Appends what stands for the first byte, or the first character, of `text`; returns its length.
size_t append_special(std::string& out, std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first == '"' || first == '\\') {
    out += '\\';
    out += text[0];
    return 1;
  }
  if (first < 0x80) {
    append_code(out, first);
    return 1;
  }
  const size_t length = utf8_length(text);
  if (length == 0) {
    out += "\\ufffd";
    return 1;
  }
  // C1 controls (U+0080 to U+009F) drive terminals as escape sequences do.
  if (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) {
    append_code(out, static_cast<unsigned char>(text[1]));
  } else {
    out.append(text.substr(0, length));
  }
  return length;
}

// The longest part of at most `limit` bytes that does not end inside a character.
std::string_view cut(std::string_view text, size_t limit) {
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

void append_text(std::string& out, std::string_view text, size_t limit) {
  out += '"';
  if (text.size() <= limit) {
    append_json_text(out, text);
  } else {
    append_json_text(out, cut(text, limit));
    out += "...";
  }
  out += '"';
}

void append_digits(std::string& out, uint64_t value, int width) {
  std::array<char, 20> digits;
  const size_t count = write_decimal(digits.data(), value);
  for (auto missing = static_cast<int>(count); missing < width; ++missing) out += '0';
  out.append(digits.data(), count);
}

// RFC 3339, UTC, milliseconds.
void append_time(std::string& out, WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<milliseconds>(time - day));
  const auto number = [](auto value) { return static_cast<uint64_t>(value); };
  append_digits(out, number(static_cast<int>(date.year())), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_digits(out, number(clock.hours().count()), 2);
  out += ':';
  append_digits(out, number(clock.minutes().count()), 2);
  out += ':';
  append_digits(out, number(clock.seconds().count()), 2);
  out += '.';
  append_digits(out, number(clock.subseconds().count()), 3);
  out += 'Z';
}

// Writes `,"key":` in front of each value.
class Line {
 public:
  explicit Line(std::string& out) : out_(out) {}

  void text(std::string_view key, std::string_view value, size_t limit = kMaxLoggedText) {
    begin(key);
    append_text(out_, value, limit);
  }
  void number(std::string_view key, uint64_t value) {
    begin(key);
    append_digits(out_, value, 1);
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

void append_json_text(std::string& out, std::string_view text) {
  size_t run = 0;
  size_t at = 0;
  while (at < text.size()) {
    if (kPlain[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    out.append(text.substr(run, at - run));
    at += append_special(out, text.substr(at));
    run = at;
  }
  out.append(text.substr(run));
}

void append_json_line(std::string& out, const AccessRecord& record) {
  Line line(out);
  out += "{\"start_time\":\"";
  append_time(out, record.start_time);
  out += '"';
  line.text("direction", record.direction);
  line.text("method", record.method);
  line.text("path", record.path, kMaxLoggedPath);
  line.text("authority", record.authority);
  line.text("protocol", record.protocol);
  line.number("response_code", static_cast<uint64_t>(record.response_code));
  line.text("response_flags", record.response_flags);
  const auto us =
      static_cast<uint64_t>(std::max<Duration>(record.duration, Duration(0)) / microseconds(1));
  line.number("duration_ms", us / 1000);
  out += '.';
  append_digits(out, us % 1000, 3);
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
  out += "}\n";
}

}  // namespace woad
