// Items of a slab in the order in which they were pushed: a list by index, eight bytes an item.
#pragma once

#include <cstdint>

#include "proxy/context/hashed_slab.h"

namespace woad {

// T has `uint32_t older` and `uint32_t newer`, which belong to the list while the item is in it.
template <class T>
class AgeList {
 public:
  // The item pushed first, or kNoItem.
  uint32_t oldest() const { return oldest_; }

  void push(HashedSlab<T>& items, uint32_t at) {
    items[at].older = newest_;
    items[at].newer = kNoItem;
    (newest_ == kNoItem ? oldest_ : items[newest_].newer) = at;
    newest_ = at;
  }

  void unlink(HashedSlab<T>& items, uint32_t at) {
    const uint32_t older = items[at].older;
    const uint32_t newer = items[at].newer;
    (older == kNoItem ? oldest_ : items[older].newer) = newer;
    (newer == kNoItem ? newest_ : items[newer].older) = older;
  }

 private:
  uint32_t oldest_ = kNoItem;
  uint32_t newest_ = kNoItem;
};

}  // namespace woad
