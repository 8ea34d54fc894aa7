#include "proxy/server/destinations.h"

namespace woad {

std::shared_ptr<const ServiceEntry> Destinations::at(const DestinationModels& models,
                                                     const Address& called, HealthTable& health) {
  if (!(models == models_)) {
    called_.clear();
    by_address_.clear();
    models_ = models;
  }
  const auto found = by_address_.find(called);
  if (found != by_address_.end()) {
    called_.splice(called_.begin(), called_, found->second);
    return found->second->second;
  }
  make_room();
  const DestinationModel* model = models.of(called);
  called_.emplace_front(called,
                        model == nullptr ? nullptr : make_destination(*model, called, health));
  by_address_.emplace(called, called_.begin());
  return called_.front().second;
}

// Those in use move to the front, so that each is looked at once.
void Destinations::make_room() {
  for (size_t looks = called_.size(); looks > 0 && called_.size() >= kMost; --looks) {
    const auto oldest = std::prev(called_.end());
    if (oldest->second.use_count() > 1) {
      called_.splice(called_.begin(), called_, oldest);
    } else {
      by_address_.erase(oldest->first);
      called_.erase(oldest);
    }
  }
}

}  // namespace woad
