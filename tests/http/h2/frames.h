// HTTP/2 frames by hand, for tests: to make any input, well-formed or not, and to read what came
// out.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace woad::h2test {

using Field = std::pair<std::string_view, std::string_view>;
using FieldList = std::vector<Field>;

enum Type : uint8_t {
  kData,
  kHeaders,
  kPriority,
  kRstStream,
  kSettings,
  kPushPromise,
  kPing,
  kGoaway,
  kWindowUpdate,
  kContinuation
};
enum Flag : uint8_t { kNone = 0, kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8 };

std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload);
std::string u32(uint32_t value);
// Literals that enter no table.
std::string block(const FieldList& fields);
std::string headers(uint32_t stream, const FieldList& fields, bool end);
// The same in as many CONTINUATION frames as it takes.
std::string long_headers(uint32_t stream, const FieldList& fields, bool end);
std::string data(uint32_t stream, std::string_view bytes, bool end);
std::string reset(uint32_t stream, uint32_t code);
std::string window_update(uint32_t stream, uint32_t bytes);
std::string settings(std::initializer_list<std::pair<uint16_t, uint32_t>> entries = {});
std::string settings_ack();
std::string ping();
std::string goaway(uint32_t last, uint32_t code);
// The client's preface with an empty SETTINGS.
std::string preface();
// GET http://a<path> on `stream`, complete.
std::string get(uint32_t stream, std::string_view path = "/");
FieldList post_fields();

struct Frame {
  uint8_t type;
  uint8_t flags;
  uint32_t stream;
  std::string payload;

  bool end() const { return (flags & kEndStream) != 0; }
  uint32_t word(size_t at) const;  // big-endian, at a byte offset
};

// Reads what one side sent, with one HPACK state from the start to the end.
class FrameReader {
 public:
  FrameReader();
  ~FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  // Adds bytes (a preface is skipped) and returns the frames completed, oldest first.
  std::vector<Frame> read(std::string_view bytes);
  // Fields of a HEADERS frame with END_HEADERS as "name: value\n" lines; once for each frame, in
  // order.
  std::string fields(const Frame& frame);
  // The debug text of the last GOAWAY that describe() saw.
  std::string goaway_text;

 private:
  struct Inflater;
  std::string waiting_;
  Inflater* inflater_;
};

// One line a frame, without SETTINGS and their acknowledgements:
//   "HEADERS 1 END :status: 200", "DATA 1 5", "RST_STREAM 1 8", "GOAWAY 1 0", "PING ACK", …
std::string describe(FrameReader& reader, std::string_view bytes);

}  // namespace woad::h2test
