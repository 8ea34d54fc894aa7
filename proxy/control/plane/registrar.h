// Registrations: taken from sidecars, checked as the file would check them, written to the store,
// and deleted from it when their time is over. One thread, the loop's.
#pragma once

#include <functional>
#include <string>

#include "proxy/control/plane/store_view.h"

namespace woad::control {

// The body of a registration, as the file would have it; the error is a sentence.
Result<Instance> read_registration(std::string_view json);

class Registrar {
 public:
  enum class Outcome : uint8_t { kDone, kHeld, kFull, kFailed };
  using Done = std::function<void(Outcome outcome, const std::string& why)>;

  // All outlive this.
  Registrar(const Scheduler& scheduler, Store& store, StoreView& view)
      : scheduler_(scheduler), store_(store), view_(view) {}

  // `done` comes once, now or later. The same again is a heartbeat.
  void put(const Registry::Key& key, Instance instance, Done done);
  void remove(const Registry::Key& key, Done done);
  // Deletes what the registry says is over.
  void sweep();

 private:
  void beat(const Registry::Key& key, const InstanceRecord& record, const Done& done);
  void write(const Registry::Key& key, const InstanceRecord& record, Done done);

  const Scheduler& scheduler_;
  Store& store_;
  StoreView& view_;
};

}  // namespace woad::control
