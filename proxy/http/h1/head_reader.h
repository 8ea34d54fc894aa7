// Finds the heads of messages in the input of a connection, in whatever pieces they come.
//
// A head that comes whole is looked at where it lies; only the beginning of one that does not is
// kept, so that a connection holds nothing between heads. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/buffer.h"
#include "proxy/http/h1/head_scan.h"

namespace woad::h1 {

// A head, or what came of one that is refused.
struct FoundHead {
  explicit FoundHead(HeadScan::Kind kind) : scan(kind) {}
  FoundHead(const FoundHead&) = delete;
  FoundHead& operator=(const FoundHead&) = delete;

  HeadScan scan;
  // In `gathered`, or in the block of the slice that was read, which its owner keeps.
  std::string_view text;
  std::string gathered;
};

class HeadReader {
 public:
  // kRequest or kResponse.
  explicit HeadReader(HeadScan::Kind kind) : kind_(kind) {}

  // Takes what belongs to the head off the front of `bytes`, which are not empty. kComplete and
  // kBad: `head` has it, and the reader waits for the next one.
  HeadScan::State read(Slice& bytes, const HttpLimits& limits, FoundHead& head);
  // A head has begun and not ended.
  bool begun() const { return partial_ != nullptr; }
  // What came of it.
  std::string_view so_far() const { return begun() ? partial_->text : std::string_view(); }
  // Gives up on it: `head` gets what came.
  void take_partial(FoundHead& head);

 private:
  struct Partial {
    HeadScan scan;
    std::string text;
  };

  HeadScan::State read_on(Slice& bytes, const HttpLimits& limits, FoundHead& head);
  bool skip_blank_line(Slice& bytes);

  std::unique_ptr<Partial> partial_;
  HeadScan::Kind kind_;
  bool blank_skipped_ = false;  // the empty line that is allowed in front of a request
};

}  // namespace woad::h1
