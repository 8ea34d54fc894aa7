// What a filter sees of a service: its pools of endpoints and how a request may move between them.
// Immutable, part of the snapshot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace woad {

// What happens when a pool exists and none of its endpoints may be used.
enum class OnUnhealthy : uint8_t { kFail, kFallback, kPanic };

// How a coloured request may leave its colour.
enum class Fallback : uint8_t { kParentThenBase, kBase, kNone };

struct PoolInfo {
  std::string name;    // "red", "base", "red@acme", "base@acme"
  std::string color;   // "" = base
  std::string tenant;  // "" = any
  OnUnhealthy on_unhealthy = OnUnhealthy::kFail;
  uint32_t index = 0;  // within its service
  bool has_endpoints = false;
};

class ServiceInfo {
 public:
  virtual ~ServiceInfo() = default;
  virtual std::string_view name() const = 0;
  virtual Fallback fallback() const = 0;
  // Outside the mesh: it gets no context of ours.
  virtual bool external() const = 0;
  // The pool of exactly this colour ("" = base) and tenant ("" = any), or nullptr when it is
  // absent: no endpoint carries the labels and `pools` does not name it.
  virtual const PoolInfo* find_pool(std::string_view color, std::string_view tenant) const = 0;
};

}  // namespace woad
