// A sidecar that polls, and what became of the file that it saw last. A value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/base/time.h"

namespace woad::control {

struct Member {
  enum class Outcome : uint8_t { kNone, kApplied, kRejected };

  Outcome outcome = Outcome::kNone;
  std::string sha256{};    // of the file that this is about
  std::string version{};   // as the file says it
  std::string skeleton{};  // of which that file was made (Skeleton::id()); "": not known
  std::string error{};     // why it was rejected
  // Rejected: the file that everybody else had then. The member is up to date as long as that stays
  // the one it should have, though the last that it saw was another.
  std::string instead{};
  WallTime told{};    // when it said so
  WallTime polled{};  // a poll began or was under way; renewed each heartbeat

  bool operator==(const Member&) const = default;
};

// applied, rejected; "" while it has said nothing.
std::string_view to_string(Member::Outcome outcome);

std::string to_text(const Member& member);
Result<Member> parse_member(std::string_view text);

}  // namespace woad::control
