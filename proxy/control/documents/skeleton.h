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
  uint32_t weight = 100;                      // as in a file that says none

  bool operator==(const Instance&) const = default;
};
// By name.
using Instances = std::map<std::string, Instance>;
// By service.
using AllInstances = std::map<std::string, Instances, std::less<>>;

// The words under `services.<name>` without its endpoints, which are apart: made once, and shared
// by all files that have them.
class Block {
 public:
  // A static endpoint: the lines of its item, and the address that they say.
  struct Endpoint {
    std::string address;
    std::string text;
  };

  // `text`: its lines, the key's first.
  Block(std::string text, std::vector<Endpoint> endpoints);

  const std::string& text() const { return text_; }
  const std::vector<Endpoint>& endpoints() const { return endpoints_; }
  // SHA-256 of all its words.
  const std::string& digest() const { return digest_; }

 private:
  std::string text_;
  std::vector<Endpoint> endpoints_;
  std::string digest_;
};

class Skeleton;
using SkeletonPtr = std::shared_ptr<const Skeleton>;

class Skeleton {
 public:
  // A service that is used.
  struct Used {
    std::string name;  // whose instances join; "": nobody's
    std::shared_ptr<const Block> block;
  };

  // `head`: the lines before `services:`. `uses`: in the order of the file.
  Skeleton(std::string head, std::vector<Used> uses);

  // 64 hexadecimal digits: the same words give the same id, over restarts and replicas.
  const std::string& id() const { return id_; }
  const std::vector<Used>& uses() const { return uses_; }

  // The whole file: `version`, the head, and these instances joined with the static endpoints (an
  // instance wins over the same address), in a stable order.
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
