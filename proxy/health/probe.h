// One question to one endpoint whether it is well. Control loop.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/base/scheduler.h"

namespace woad {

struct ProbeResult {
  enum class Kind : uint8_t {
    kGood,
    kFailed,
    kNotMade,  // for want of our own means: says nothing of the endpoint
  };
  Kind kind;
  std::string what;  // "GET /healthz answered 503"
};

class ProbeOwner {
 public:
  // Once, from inside Probe::start() perhaps. The probe is over; it dies by defer_delete.
  virtual void on_probed(ProbeResult result) = 0;

 protected:
  ~ProbeOwner() = default;
};

class Probe : public Deferred {
 public:
  virtual void start() = 0;
  // No result comes any more.
  virtual void give_up() = 0;
  // What is asked, for a sentence: "GET /healthz".
  virtual std::string question() const = 0;
};

}  // namespace woad
