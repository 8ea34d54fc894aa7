// nghttp2 alone, with its own look at messages on (RFC 9113 section 8 as it reads it): what it says
// of a message is what ours must say. One stream at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/http/h2/frames.h"

struct nghttp2_session;

namespace woad::h2test {

// What became of one message.
struct Seen {
  std::string faults;  // "RST_STREAM 1", "GOAWAY 1": what its reader answered
  bool head = false;   // the final one was shown
  bool end = false;
  size_t body = 0;
  std::optional<uint64_t> length{};  // as the head that was shown says

  bool operator==(const Seen&) const = default;
  std::string text() const;
};

// Of what a reader wrote: its RST_STREAM and GOAWAY.
std::string faults_in(FrameReader& reader, std::string_view written);

class Oracle {
 public:
  enum class Side : uint8_t { kServer, kClient };

  explicit Oracle(Side side);
  ~Oracle();
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;

  // A server's: requests are answered, completely, when their heads come.
  bool answers_early = false;
  // A client's: a request on the next stream, whose body is yet to come unless `end`.
  void ask(std::string_view method, bool end);
  void receive(std::string_view bytes);
  // What was seen since the last call.
  Seen take();
  // A client's: ends the last request's stream.
  void let_go();

 private:
  struct Callbacks;
  void serialise();

  nghttp2_session* session_ = nullptr;
  FrameReader reader_;
  Seen seen_;
  // Of the head that is being read.
  std::optional<uint64_t> length_;
  bool interim_ = false;

  int32_t asked_ = 0;
};

}  // namespace woad::h2test
