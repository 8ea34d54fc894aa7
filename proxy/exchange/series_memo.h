// Which series of the metrics a combination of labels leads to, remembered by where the labels are
// instead of what they say: requests end in few ways, and none of them looks up its five words
// again. One worker's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace woad {

// The labels that vary, of texts that are static or live, unchanged, at least as long as the memo,
// and all smaller words of the combination in one number below 2^63.
struct SeriesKey {
  std::string_view first;
  std::string_view second;
  std::string_view third;
  uint64_t words = 0;
};

template <class Series>
class SeriesMemo {
 public:
  // What make() gave for this combination. Valid until the next call.
  template <class Make>
  const Series& of(const SeriesKey& key, Make&& make) {
    Entry& entry = entries_[home_of(key)];
    if (!entry.holds(key)) entry = {key, make(), true};
    return entry.series;
  }

 private:
  struct Entry {
    SeriesKey key;
    Series series{};
    bool known = false;

    bool holds(const SeriesKey& other) const {
      return known && key.words == other.words && same(key.first, other.first) &&
             same(key.second, other.second) && same(key.third, other.third);
    }
    static bool same(std::string_view a, std::string_view b) {
      return a.data() == b.data() && a.size() == b.size();
    }
  };
  static constexpr int kBits = 6;

  // The upper bits of a product with 2^64/phi are well mixed (Knuth, TAOCP volume 3, section 6.4).
  static size_t home_of(const SeriesKey& key) {
    constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;
    const auto at = [](std::string_view text) { return reinterpret_cast<uintptr_t>(text.data()); };
    const uint64_t mixed = (at(key.first) + key.words) * kGolden ^ at(key.second);
    return static_cast<size_t>((mixed * kGolden ^ at(key.third)) * kGolden >> (64 - kBits));
  }

  std::array<Entry, size_t{1} << kBits> entries_;
};

}  // namespace woad
