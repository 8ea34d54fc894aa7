#include "proxy/observe/metrics.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <tuple>

namespace woad {
namespace {

constexpr size_t kFirstPlaces = 256;
constexpr size_t kMaxIds = 60000;

struct Key {
  uint64_t high;
  uint64_t low;
};

// The family's address and the ids side by side. Addresses of a process have 48 bits at most on
// x86-64 and arm64; none is zero.
Key key_of(Family family, std::initializer_list<WorkerMetrics::Id> labels) {
  static_assert(sizeof(uintptr_t) == sizeof(uint64_t) && kMaxLabels == 5);
  Key key{reinterpret_cast<uintptr_t>(&family.info()) << 16, 0};
  size_t at = 0;
  for (const WorkerMetrics::Id id : labels) {
    if (at < 4) {
      key.low |= static_cast<uint64_t>(id) << (16 * at);
    } else {
      key.high |= id;
    }
    ++at;
  }
  return key;
}

size_t hash_of(const Key& key) {
  uint64_t hash = (key.low ^ (key.high * 0x9e3779b97f4a7c15)) * 0xd6e8feb86659fd93;
  hash ^= hash >> 32;
  return static_cast<size_t>(hash * 0xd6e8feb86659fd93 >> 20);
}

// Where a key is, or the free place where it goes.
template <class Places>
auto& place_of(Places& places, const Key& key) {
  const size_t mask = places.size() - 1;
  for (size_t at = hash_of(key) & mask;; at = (at + 1) & mask) {
    auto& place = places[at];
    const bool here = place.key_low == key.low && place.key_high == key.high;
    if (here || place.key_high == 0) return place;
  }
}

}  // namespace

bool operator<(Family a, Family b) {
  const auto place = [](Family family) {
    const FamilyInfo* const at = family.info_;
    const bool listed =
        std::less_equal<>()(std::begin(kFamilies), at) && std::less<>()(at, std::end(kFamilies));
    return listed ? at - std::begin(kFamilies) : std::ssize(kFamilies);
  };
  return std::pair(place(a), a.info().name) < std::pair(place(b), b.info().name);
}

WorkerMetrics::WorkerMetrics() : places_(kFirstPlaces) {
  intern("");
  overflow_ = intern("overflow");
  count(Family::kContextUnattributed, {}, 0);  // shown before the first one
}

WorkerMetrics::Id WorkerMetrics::intern(std::string_view value) {
  const auto found = ids_.find(value);
  if (found != ids_.end()) return found->second;
  if (values_.size() >= kMaxIds) return overflow_;
  const auto added = ids_.emplace(value, static_cast<Id>(values_.size())).first;
  values_.push_back(&added->first);
  return added->second;
}

size_t WorkerMetrics::series(Family family, std::initializer_list<Id> labels) {
  const Key key = key_of(family, labels);
  const Place& place = place_of(places_, key);
  return place.key_high == key.high ? place.index : add_series(family, labels);
}

bool WorkerMetrics::has(Family family, std::initializer_list<Id> labels) const {
  return place_of(places_, key_of(family, labels)).key_high != 0;
}

size_t WorkerMetrics::add_series(Family family, std::initializer_list<Id> labels) {
  const bool is_overflow =
      std::all_of(labels.begin(), labels.end(), [this](Id id) { return id == overflow_; });
  if (counters_.size() + latencies_.size() >= kMaxSeries && !is_overflow) {
    switch (labels.size()) {
      case 1: return series(family, {overflow_});
      case 2: return series(family, {overflow_, overflow_});
      case 3: return series(family, {overflow_, overflow_, overflow_});
      case 4: return series(family, {overflow_, overflow_, overflow_, overflow_});
      default: return series(family, {overflow_, overflow_, overflow_, overflow_, overflow_});
    }
  }
  if ((counters_.size() + 1) * 2 > places_.size()) grow();
  Counter counter{family, {}, 0};
  std::copy(labels.begin(), labels.end(), counter.labels.begin());
  const Key key = key_of(family, labels);
  place_of(places_, key) = {key.high, key.low, static_cast<uint32_t>(counters_.size())};
  counters_.push_back(counter);
  return counters_.size() - 1;
}

void WorkerMetrics::grow() {
  std::vector<Place> larger(places_.size() * 2);
  for (const Place& place : places_) {
    if (place.key_high != 0) place_of(larger, {place.key_high, place.key_low}) = place;
  }
  places_.swap(larger);
}

Histogram& WorkerMetrics::latency(Id direction, Id service, Id color) {
  const auto key_for = [](Id a, Id b, Id c) {
    return static_cast<uint64_t>(a) << 32 | static_cast<uint64_t>(b) << 16 | c;
  };
  auto found = latencies_.find(key_for(direction, service, color));
  if (found == latencies_.end()) {
    const bool full = counters_.size() + latencies_.size() >= kMaxSeries;
    const uint64_t key =
        full ? key_for(overflow_, overflow_, overflow_) : key_for(direction, service, color);
    found = latencies_.try_emplace(key).first;
  }
  return found->second;
}

void WorkerMetrics::name_hostile(size_t kind, std::string_view value) {
  if (hostile_names_.size() <= kind) hostile_names_.resize(kind + 1);
  hostile_names_[kind] = value;
}

MetricsSnapshot WorkerMetrics::snapshot() const {
  MetricsSnapshot copy;
  copy.series.reserve(counters_.size() + hostile_names_.size());
  for (const Counter& counter : counters_) {
    MetricsSnapshot::Series series{counter.family, {}, counter.value};
    for (size_t i = 0; i < counter.family.info().label_count(); ++i) {
      series.labels.push_back(*values_[counter.labels[i]]);
    }
    copy.series.push_back(std::move(series));
  }
  for (size_t kind = 0; kind < hostile_names_.size(); ++kind) {
    copy.series.push_back(
        {Family::kHostile, {hostile_names_[kind]}, static_cast<int64_t>(hostile_[kind])});
  }
  for (const auto& [key, histogram] : latencies_) {
    copy.latencies.push_back(
        {{*values_[key >> 32], *values_[key >> 16 & 0xffff], *values_[key & 0xffff]},
         std::make_shared<Histogram>(histogram)});
  }
  return copy;
}

void MetricsSnapshot::merge(const MetricsSnapshot& other) {
  std::map<std::pair<Family, std::vector<std::string>>, size_t> known;
  for (size_t i = 0; i < series.size(); ++i) known[{series[i].family, series[i].labels}] = i;
  for (const Series& theirs : other.series) {
    const auto found = known.find({theirs.family, theirs.labels});
    if (found == known.end()) {
      series.push_back(theirs);
    } else {
      series[found->second].value += theirs.value;
    }
  }
  std::map<std::vector<std::string>, size_t> measured;
  for (size_t i = 0; i < latencies.size(); ++i) measured[latencies[i].labels] = i;
  for (const Latency& theirs : other.latencies) {
    const auto found = measured.find(theirs.labels);
    if (found == measured.end()) {
      latencies.push_back({theirs.labels, std::make_shared<Histogram>(*theirs.histogram)});
    } else {
      latencies[found->second].histogram->merge(*theirs.histogram);
    }
  }
}

}  // namespace woad
