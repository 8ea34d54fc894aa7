// One message, given to nghttp2's own look at messages and to a codec of ours; both must say the
// same of it. What ours refuses beyond that is validate_request's and validate_response's, and
// noted by its words.
#pragma once

#include <memory>
#include <random>
#include <set>
#include <string>

#include "tests/http/h2/message_script.h"
#include "tests/http/h2/oracle.h"
#include "tests/http/h2/rig.h"

struct nghttp2_hd_deflater;

namespace woad::h2test {

// How the frames of a message get there.
struct Manner {
  size_t piece = SIZE_MAX;  // bytes a turn
  bool packed = false;      // HPACK with its tables and Huffman codes, not literals alone
};

// HPACK as nghttp2 writes it.
class Packer {
 public:
  Packer();
  ~Packer();
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;
  std::string block(const FieldList& fields);

 private:
  nghttp2_hd_deflater* deflater_ = nullptr;
};

// What the duels of a test came to.
struct Tally {
  size_t messages = 0;
  size_t refused = 0;              // by both
  std::string differences;         // of the first few: the message, theirs and ours; "" is good
  std::set<std::string> stricter;  // why ours refused what nghttp2 lets pass

  void count(const Seen& theirs);
  void differ(const Message& message, const Seen& theirs, const Seen& ours);
};

class RequestDuel {
 public:
  // When the answer comes: never, complete with the request's head, or that and the stream is let
  // go.
  enum class Answer : uint8_t { kNever, kEarly, kAndGone };

  RequestDuel();
  ~RequestDuel();
  void run(const Message& message, Answer answer = Answer::kNever, const Manner& manner = {});
  Tally tally;

 private:
  struct Table;
  std::unique_ptr<Table> table_;  // one connection to each
};

class ResponseDuel {
 public:
  ResponseDuel();
  ~ResponseDuel();
  // `asked`: the request's method.
  void run(const Message& message, std::string_view asked, bool whole_request = true,
           const Manner& manner = {});
  Tally tally;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

// A coin and dice that fall the same way each time.
class Dice {
 public:
  explicit Dice(uint32_t seed) : engine_(seed) {}
  size_t below(size_t sides) { return engine_() % sides; }
  bool one_in(size_t sides) { return below(sides) == 0; }
  template <class List>
  const auto& of(const List& list) {
    return list[below(std::size(list))];
  }
  Manner manner();

 private:
  std::mt19937 engine_;
};

}  // namespace woad::h2test
