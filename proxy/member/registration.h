// When this sidecar is to say that it is there, and what it says. One thread.
//
//   absent ──(200)──▶ present ──leave()──▶ leaving ──(DELETE, or the plane is lost)──▶ gone
//    │ └─(refused: later)  └─(200: a heartbeat)                                          ▲
//    └───────────────────────────────leave()────────────────────────────────────────────▶┘
// An answer to what was asked before leave() leads to leaving.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/values.h"
#include "proxy/base/random.h"
#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/member/settings.h"
#include "proxy/net/address.h"

namespace woad {

// What serves here, once something does.
struct Serving {
  uint16_t port = 0;  // of inbound; 0: it has none
  std::map<std::string, std::string> labels{};
};

class Registration {
 public:
  // Until the plane tells another one.
  static constexpr Duration kHeartbeat = seconds(30);
  // After a refusal: the document may come, or the address become free.
  static constexpr Duration kAgain = seconds(10);
  // A heartbeat comes early by a random part of this share of its interval.
  static constexpr double kJitter = 0.2;

  explicit Registration(Random& random) : random_(random) {}

  // The body of PUT /v1/instances/…; the error says why there can be none.
  static Result<std::string> body(const Advertised& advertised, const Serving& serving,
                                  const std::optional<Address>& local);

  MonoTime due() const { return due_; }
  bool present() const { return state_ == State::kPresent; }
  // Nobody is to come here any more, and the plane has not been told.
  bool leaving() const { return state_ == State::kLeaving; }
  bool gone() const { return state_ == State::kGone; }
  // The plane may be told that this instance is here.
  bool open() const { return state_ == State::kAbsent || state_ == State::kPresent; }
  void leave() { state_ = present() ? State::kLeaving : State::kGone; }

  // `answer`: the body of a 200. Another interval than a sensible one counts as the default.
  void on_accepted(std::string_view answer, MonoTime now);
  void on_refused(MonoTime now) { due_ = now + kAgain; }
  void on_gone() { state_ = State::kGone; }

 private:
  enum class State : uint8_t { kAbsent, kPresent, kLeaving, kGone };

  Random& random_;
  State state_ = State::kAbsent;
  MonoTime due_{};
};

}  // namespace woad
