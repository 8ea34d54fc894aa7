// A service's file but for the instances of the services that it uses, which come and go while
// documents stay. A value, immutable and shared; any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"

namespace woad::control {

// An endpoint, as it stands in the file.
struct Instance {
  std::string address;                        // "10.0.0.1:8080"
  std::map<std::string, std::string> labels;  // sorted
  uint32_t weight = 100;  // as in a file that says none

  bool operator==(const Instance&) const = default;
};
// By name.
using Instances = std::map<std::string, Instance>;
// By service.
using AllInstances = std::map<std::string, Instances, std::less<>>;

class Skeleton;
using SkeletonPtr = std::shared_ptr<const Skeleton>;

class Skeleton {
 public:
  // One service that is used: the words under `services.<name>` without its endpoints, which are
  // apart.
  struct Used {
    std::string name;
    std::string text;                    // the lines of its block
    std::vector<std::string> endpoints;  // static ones: the lines of each item
    std::vector<std::string> addresses;  // theirs, in the same order
  };

  Skeleton(std::string head, std::vector<Used> uses);

  // 64 hexadecimal digits: the same words give the same id, over restarts and replicas.
  const std::string& id() const { return id_; }
  const std::vector<Used>& uses() const { return uses_; }

  // The whole file: these instances joined with the static endpoints (an instance wins over the
  // same address), in a stable order, and `version`.
  std::string render(const AllInstances& instances) const;

  // For the store, and back.
  std::string to_text() const;
  static Result<SkeletonPtr> from_text(std::string_view text);

 private:
  std::string head_;
  std::vector<Used> uses_;
  std::string id_;
};

}  // namespace woad::control
