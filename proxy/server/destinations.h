// The services of original destinations that no file knows, as one listener has met them.
//
// At most kMost are kept when nobody uses them: who was called longest ago goes first, and with it
// its connections. One thread.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "proxy/snapshot/destination.h"

namespace woad {

class Destinations {
 public:
  static constexpr size_t kMost = 1000;

  // By the models of the newest snapshot; nullptr: nobody may go there. Whoever holds it uses it.
  std::shared_ptr<const ServiceEntry> at(const DestinationModels& models, const Address& called,
                                         HealthTable& health);
  size_t size() const { return by_address_.size(); }

 private:
  using Called = std::list<std::pair<Address, std::shared_ptr<const ServiceEntry>>>;
  void make_room();

  DestinationModels models_;
  Called called_;  // the latest in front
  std::unordered_map<Address, Called::iterator> by_address_;
};

}  // namespace woad
