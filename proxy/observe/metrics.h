// Metrics of one worker: plain integers of its thread, no locks, bounded in number.
//
// Label values are interned to small ids once; counting is a hash of ids. The worker copies what it
// has on demand (snapshot()); copies are merged and shown elsewhere. Series live as long as the
// worker, so they survive reloads.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/base/strings.h"
#include "proxy/observe/family.h"
#include "proxy/observe/histogram.h"

namespace woad {

// A copy of the metrics of one or more workers.
struct MetricsSnapshot {
  struct Series {
    Family family;
    std::vector<std::string> labels;  // values, in the order of FamilyInfo::labels
    int64_t value;
  };
  struct Latency {
    std::vector<std::string> labels;  // direction, service, color
    std::shared_ptr<Histogram> histogram;
  };
  std::vector<Series> series;
  std::vector<Latency> latencies;

  // Adds what `other` counted.
  void merge(const MetricsSnapshot& other);
};

class WorkerMetrics {
 public:
  // Series of all families together; what is above goes to one series a family with the label value
  // "overflow".
  static constexpr size_t kMaxSeries = 5000;
  // The id of a label value. Valid for the worker's life.
  using Id = uint16_t;

  WorkerMetrics();

  Id intern(std::string_view value);

  // A series by its number, which stays the same for the worker's life: for those that count the
  // same ones again and again.
  size_t series(Family family, std::initializer_list<Id> labels);
  void count(size_t series, int64_t by = 1) { counters_[series].value += by; }

  void count(Family family, std::initializer_list<Id> labels, int64_t by = 1) {
    counters_[series(family, labels)].value += by;
  }
  // Replaces a gauge's value.
  void set(Family family, std::initializer_list<Id> labels, int64_t value) {
    counters_[series(family, labels)].value = value;
  }
  bool has(Family family, std::initializer_list<Id> labels) const;
  // Stays where it is for the worker's life.
  Histogram& latency(Id direction, Id service, Id color);

  // Counters by Hostile kind, of `kinds` label values; codecs count into the array directly.
  uint64_t* hostile() { return hostile_.data(); }
  void name_hostile(size_t kind, std::string_view value);

  MetricsSnapshot snapshot() const;

 private:
  struct Counter {
    Family family;
    std::array<Id, kMaxLabels> labels;
    int64_t value;
  };
  struct Place {
    uint64_t key_high = 0;  // zero: free
    uint64_t key_low = 0;
    uint32_t index = 0;
  };

  size_t add_series(Family family, std::initializer_list<Id> labels);
  void grow();

  std::unordered_map<std::string, Id, TextHash, std::equal_to<>> ids_;
  std::vector<const std::string*> values_;  // by id
  Id overflow_ = 0;
  std::vector<Counter> counters_;
  std::vector<Place> places_;  // open addressing over counters_
  std::unordered_map<uint64_t, Histogram> latencies_;
  std::array<uint64_t, 16> hostile_{};
  std::vector<std::string> hostile_names_;
};

}  // namespace woad
