// What a filter answers to an event. The answer is the return value, so it cannot be sent twice or
// forgotten, and its type says which events can wait.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "proxy/base/time.h"
#include "proxy/http/outcome.h"

namespace woad {

class [[nodiscard]] Verdict {
 public:
  enum class Kind : uint8_t { kGo, kReply };

  // On to the next filter.
  static Verdict go() { return Verdict(nullptr); }
  // Nothing goes further; the client gets this. From response hooks: it replaces the response if
  // its head has not been sent, and cuts the exchange otherwise.
  static Verdict reply(LocalReply reply) {
    return Verdict(std::make_unique<LocalReply>(std::move(reply)));
  }

  Kind kind() const { return reply_ == nullptr ? Kind::kGo : Kind::kReply; }
  LocalReply take_reply() { return std::move(*reply_); }

 private:
  friend class HeadVerdict;
  explicit Verdict(std::unique_ptr<LocalReply> reply) : reply_(std::move(reply)) {}
  std::unique_ptr<LocalReply> reply_;
};

// Of a head, be it a message's or that of a try; heads alone can wait.
class [[nodiscard]] HeadVerdict {
 public:
  enum class Kind : uint8_t { kGo, kWait, kReply };

  static HeadVerdict go() { return Verdict::go(); }
  // The head waits here until FilterContext::resume() is called; then the next filter sees it. What
  // comes behind it waits too, with back-pressure.
  static HeadVerdict wait() { return HeadVerdict(Kind::kWait); }
  static HeadVerdict reply(LocalReply reply) { return Verdict::reply(std::move(reply)); }
  HeadVerdict(Verdict verdict)  // NOLINT(google-explicit-constructor): whoever may wait need not
      : reply_(std::move(verdict.reply_)), kind_(reply_ == nullptr ? Kind::kGo : Kind::kReply) {}

  Kind kind() const { return kind_; }
  LocalReply take_reply() { return std::move(*reply_); }

 private:
  explicit HeadVerdict(Kind kind) : kind_(kind) {}
  std::unique_ptr<LocalReply> reply_;
  Kind kind_;
};

// Whether there is to be another try.
class [[nodiscard]] Next {
 public:
  static Next done() { return Next(false, Duration(0)); }
  static Next again(Duration delay) { return Next(true, delay); }
  bool wants_again() const { return again_; }
  Duration delay() const { return delay_; }

 private:
  Next(bool again, Duration delay) : again_(again), delay_(delay) {}
  bool again_;
  Duration delay_;
};

}  // namespace woad
