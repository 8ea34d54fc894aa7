#include "tests/http/h2/frames.h"

#include <nghttp2/nghttp2.h>

#include "proxy/http/detect.h"

namespace woad::h2test {
namespace {

void put_integer(std::string& out, size_t value, int bits, uint8_t first) {
  const size_t most = (1U << bits) - 1;
  if (value < most) {
    out += static_cast<char>(first | value);
    return;
  }
  out += static_cast<char>(first | most);
  for (value -= most; value >= 128; value /= 128) out += static_cast<char>(value % 128 + 128);
  out += static_cast<char>(value);
}

constexpr const char* kNames[] = {"DATA",          "HEADERS",      "PRIORITY", "RST_STREAM",
                                  "SETTINGS",      "PUSH_PROMISE", "PING",     "GOAWAY",
                                  "WINDOW_UPDATE", "CONTINUATION"};

}  // namespace

std::string u32(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string out = u32(static_cast<uint32_t>(payload.size())).substr(1);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  out += u32(stream);
  out += payload;
  return out;
}

std::string block(const FieldList& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += '\0';
    put_integer(out, name.size(), 7, 0);
    out += name;
    put_integer(out, value.size(), 7, 0);
    out += value;
  }
  return out;
}

std::string headers(uint32_t stream, const FieldList& fields, bool end) {
  constexpr size_t kPiece = 16384;
  std::string rest = block(fields);
  std::string out;
  auto type = static_cast<uint8_t>(kHeaders);
  uint8_t flags = end ? kEndStream : kNone;
  while (rest.size() > kPiece) {
    out += frame(type, flags, stream, rest.substr(0, kPiece));
    rest.erase(0, kPiece);
    type = kContinuation;
    flags = kNone;
  }
  return out + frame(type, static_cast<uint8_t>(flags | kEndHeaders), stream, rest);
}

std::string data(uint32_t stream, std::string_view bytes, bool end) {
  return frame(kData, end ? kEndStream : kNone, stream, bytes);
}

std::string reset(uint32_t stream, uint32_t code) {
  return frame(kRstStream, kNone, stream, u32(code));
}

std::string window_update(uint32_t stream, uint32_t bytes) {
  return frame(kWindowUpdate, kNone, stream, u32(bytes));
}

std::string settings(std::initializer_list<std::pair<uint16_t, uint32_t>> entries) {
  std::string payload;
  for (const auto& [id, value] : entries) payload += u32(id).substr(2) + u32(value);
  return frame(kSettings, kNone, 0, payload);
}

std::string settings_ack() { return frame(kSettings, kAck, 0, ""); }
std::string ping() { return frame(kPing, kNone, 0, "12345678"); }

std::string goaway(uint32_t last, uint32_t code) {
  return frame(kGoaway, kNone, 0, u32(last) + u32(code));
}

std::string preface() { return std::string(kHttp2Preface) + settings(); }

std::string long_headers(uint32_t stream, const FieldList& fields, bool end) {
  constexpr size_t kMost = 16384;
  const std::string all = block(fields);
  std::string out;
  for (size_t at = 0; at < all.size(); at += kMost) {
    const bool first = at == 0;
    const int flags =
        (first && end ? kEndStream : 0) | (at + kMost >= all.size() ? kEndHeaders : 0);
    out += frame(first ? kHeaders : kContinuation, static_cast<uint8_t>(flags), stream,
                 std::string_view(all).substr(at, kMost));
  }
  return out;
}

std::string get(uint32_t stream, std::string_view path) {
  return headers(stream,
                 {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", path}},
                 true);
}

FieldList post_fields() {
  return {{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
}

uint32_t Frame::word(size_t at) const {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(payload.at(at + i));
  return value;
}

struct FrameReader::Inflater {
  nghttp2_hd_inflater* state = nullptr;
};

FrameReader::FrameReader() : inflater_(new Inflater) { nghttp2_hd_inflate_new(&inflater_->state); }

FrameReader::~FrameReader() {
  nghttp2_hd_inflate_del(inflater_->state);
  delete inflater_;
}

std::vector<Frame> FrameReader::read(std::string_view bytes) {
  waiting_ += bytes;
  if (std::string_view(waiting_).starts_with(kHttp2Preface))
    waiting_.erase(0, kHttp2Preface.size());
  std::vector<Frame> frames;
  while (waiting_.size() >= 9) {
    Frame head{0, 0, 0, waiting_.substr(0, 9)};
    const size_t size = head.word(0) >> 8;
    if (waiting_.size() < 9 + size) break;
    frames.push_back({static_cast<uint8_t>(waiting_[3]), static_cast<uint8_t>(waiting_[4]),
                      head.word(5) & 0x7fffffff, waiting_.substr(9, size)});
    waiting_.erase(0, 9 + size);
  }
  return frames;
}

std::string FrameReader::fields(const Frame& frame) {
  std::string out;
  const auto* at = reinterpret_cast<const uint8_t*>(frame.payload.data());
  size_t left = frame.payload.size();
  for (;;) {
    nghttp2_nv field;
    int flags = 0;
    const auto used = nghttp2_hd_inflate_hd2(inflater_->state, &field, &flags, at, left, 1);
    if (used < 0) return out + "<broken>\n";
    at += used;
    left -= static_cast<size_t>(used);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      out.append(reinterpret_cast<const char*>(field.name), field.namelen);
      out += ": ";
      out.append(reinterpret_cast<const char*>(field.value), field.valuelen);
      out += '\n';
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_->state);
  return out;
}

std::string describe(FrameReader& reader, std::string_view bytes) {
  std::string out;
  for (const Frame& frame : reader.read(bytes)) {
    if (frame.type == kSettings) continue;
    out += frame.type < std::size(kNames) ? kNames[frame.type] : "UNKNOWN";
    switch (frame.type) {
      case kPing: out += frame.end() ? " ACK" : ""; break;
      case kGoaway:
        out += ' ' + std::to_string(frame.word(0)) + ' ' + std::to_string(frame.word(4));
        reader.goaway_text = frame.payload.substr(8);
        break;
      case kRstStream:
      case kWindowUpdate:
        out += ' ' + std::to_string(frame.stream) + ' ' + std::to_string(frame.word(0));
        break;
      case kData:
        out += ' ' + std::to_string(frame.stream) + ' ' + std::to_string(frame.payload.size());
        break;
      default: out += ' ' + std::to_string(frame.stream); break;
    }
    if ((frame.type == kData || frame.type == kHeaders) && frame.end()) out += " END";
    if (frame.type == kHeaders) {
      std::string fields = reader.fields(frame);
      if (!fields.empty()) fields.pop_back();
      for (char& c : fields) c = c == '\n' ? '|' : c;
      out += ' ' + fields;
    }
    out += '\n';
  }
  return out;
}

}  // namespace woad::h2test
