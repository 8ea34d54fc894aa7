// How a change of documents reaches the sidecars of one service: step by step, and no further than
// it goes well.
//
//            another skeleton            all of the last step have applied it
//   done ─────────────────────▶ rolling ─────────────────────────────────────▶ done
//                                 │  ▲ ▲
//        one rejects it, one says │  │ │ a newer skeleton, from step one
//        nothing in time, halt    ▼  │ │
//                               halted ┴──rollback──▶ rolled back ──(newer)──▶ rolling
//                                  └───────resume────▶ rolling, where it stopped
//
// A value in the store, moved by compare-and-swap: any replica carries it on. Pure functions; time
// comes in. Without a plan a skeleton is taken by all at once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/control/documents/settings.h"
#include "proxy/control/documents/skeleton.h"
#include "proxy/control/fleet/member.h"

namespace woad::control {

// By instance: those that poll.
using Members = std::map<std::string, Member, std::less<>>;

struct Rollout {
  enum class State : uint8_t { kDone, kRolling, kHalted, kRolledBack };

  State state = State::kDone;
  uint64_t documents = 0;  // the store's revision of the documents that it came of
  SkeletonPtr accepted;    // what everybody has but for the steps; nullptr: nothing was ever good
  SkeletonPtr candidate;   // nullptr when done
  size_t step = 0;         // from 0
  WallTime since{};        // of state and step
  std::optional<WallTime> complete{};  // all of the step have applied it; the pause runs
  std::string error;                   // halted: why
  WallTime resumed{};                  // rejections before it do not count
};

// done, rolling, halted, rolled_back.
std::string_view to_string(Rollout::State state);

std::string to_text(const Rollout& rollout);
Result<Rollout> parse_rollout(std::string_view text);

// What the documents of a revision say now. True: the roll-out has changed. Older documents than
// those it came of change nothing.
bool offer(Rollout& rollout, const SkeletonPtr& skeleton, uint64_t documents,
           const std::optional<RolloutPlan>& plan, WallTime now);

// Looks at the members. True: it has moved.
bool advance(Rollout& rollout, std::string_view service, const Members& members,
             const std::optional<RolloutPlan>& plan, WallTime now);

// Operators. The error says why it cannot be done now.
Result<void> halt(Rollout& rollout, const std::string& by, WallTime now);
Result<void> resume(Rollout& rollout, WallTime now);
Result<void> roll_back(Rollout& rollout, WallTime now);

using Names = std::set<std::string, std::less<>>;

// Who is given the candidate: of the steps reached, by a hash of their names, those that have not
// rejected it, and whoever runs it already; once halted these alone.
Names chosen(const Rollout& rollout, std::string_view service, const Members& members,
             const std::optional<RolloutPlan>& plan);

}  // namespace woad::control
