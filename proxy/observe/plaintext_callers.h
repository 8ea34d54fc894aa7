// Who still comes in plaintext where both is allowed: what is left to do before `strict`.
//
// Bounded: when there are kMost callers, the one seen longest ago makes room. One thread; copies
// are merged elsewhere.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/time.h"

namespace woad {

class PlaintextCallers {
 public:
  static constexpr size_t kMost = 100;

  struct Caller {
    std::string address;  // without port
    uint64_t requests = 0;
    WallTime last{};
  };

  void count(std::string_view address, WallTime now);
  // Adds what `other` counted.
  void merge(const PlaintextCallers& other);
  // Those with the most requests first.
  std::vector<Caller> list() const;

 private:
  struct Seen {
    uint64_t requests = 0;
    WallTime last{};
  };
  void make_room();

  std::map<std::string, Seen, std::less<>> seen_;
};

}  // namespace woad
