// The pods, and templates of pods, in a Kubernetes document.
#pragma once

#include <string>
#include <vector>

#include "proxy/inject/report.h"

namespace woad {

struct Target {
  // A document of a Job counts as one whose pods must finish, as does a pod of a Job.
  enum class Life : uint8_t { kServes, kFinishes };

  Pointer path;       // of the Pod or the template
  Pointer document;   // of the object that holds it
  std::string owner;  // the name of a service when no label tells one
  Life life = Life::kServes;
  bool is_pod = false;  // and no template
};

// None when it is of another kind.
std::vector<Target> targets_of(const Value& document);

// A pod's owner is named behind a hash or a number: price-7d9f8b6c5-x2x9z is of price, a Job of a
// CronJob is called report-29384756. `hash` is the label pod-template-hash, or "".
std::string without_hash(const std::string& replica_set, const std::string& hash);
std::string without_number(const std::string& job);

}  // namespace woad
