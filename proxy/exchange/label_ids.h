// The metric ids of label values that live as long as a snapshot, found by where they are instead
// of what they say: a request that ends looks up a dozen, of which none is new. One worker's.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proxy/observe/metrics.h"

namespace woad {

class LabelIds {
 public:
  // `label` is static or lives, unchanged, at least as long as this object.
  WorkerMetrics::Id of(WorkerMetrics& metrics, std::string_view label) {
    const size_t home = home_of(label.data());
    for (size_t step = 0; step < kSteps; ++step) {
      Entry& entry = entries_[(home + step) % entries_.size()];
      if (!entry.known) entry = {label, metrics.intern(label), true};
      if (entry.label.data() == label.data() && entry.label.size() == label.size()) return entry.id;
    }
    entries_[home] = {label, metrics.intern(label), true};
    return entries_[home].id;
  }

 private:
  struct Entry {
    std::string_view label;
    WorkerMetrics::Id id = 0;
    bool known = false;
  };
  static constexpr int kBits = 6;
  static constexpr size_t kSteps = 4;  // places looked at

  // The upper bits of a product with 2^64/phi are well mixed (Knuth, TAOCP volume 3, section 6.4).
  static size_t home_of(const char* at) {
    return static_cast<size_t>(reinterpret_cast<uintptr_t>(at) * 0x9e3779b97f4a7c15 >>
                               (64 - kBits));
  }

  std::array<Entry, size_t{1} << kBits> entries_;
};

}  // namespace woad
