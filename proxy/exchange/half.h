// One direction of an exchange: the head on its way through the filters, and what came behind it
// while it waited in one of them. One thread.
#pragma once

#include <utility>

#include "proxy/base/buffer.h"
#include "proxy/http/headers.h"

namespace woad {

template <class Head>
class Half {
 public:
  void begin(Head& head, bool end) {
    head_ = &head;
    head_ends_ = ended_ = end;
  }
  // The last of the message has come.
  void end() { ended_ = true; }
  // Bytes without a head follow (a tunnel).
  void reopen() { ended_ = false; }

  Head* head() const { return head_; }
  // The head is the whole message, whatever has come since.
  bool head_ends() const { return head_ends_; }
  bool ended() const { return ended_; }

  // While the head waits. The end of the message is told by end().
  void keep(Buffer&& data) { data_.append(std::move(data)); }
  void keep(Headers& trailers) { trailers_ = &trailers; }
  size_t kept() const { return data_.size(); }
  // Gives what was kept to `data(Buffer&&, end)` and `trailers(Headers&)`, as it would have come.
  template <class PassData, class PassTrailers>
  void release(PassData&& data, PassTrailers&& trailers) {
    Headers* const last = std::exchange(trailers_, nullptr);
    const bool end = ended_ && !head_ends_ && last == nullptr;
    if (end || !data_.empty()) data(std::exchange(data_, Buffer()), end);
    if (last != nullptr) trailers(*last);
  }

 private:
  Head* head_ = nullptr;
  Headers* trailers_ = nullptr;
  Buffer data_;
  bool head_ends_ = false;
  bool ended_ = false;
};

}  // namespace woad
