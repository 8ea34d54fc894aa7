// A service's file in its parts, each with the places where its words were written. Pure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/control/documents/lines.h"
#include "proxy/control/documents/skeleton.h"

namespace woad::control {

// A block, made once for all files that have it.
struct BlockLines {
  std::shared_ptr<const Block> block;
  Lines words;
  std::vector<Lines> endpoints;
};
using BlockLinesPtr = std::shared_ptr<const BlockLines>;

// `service`: its name, and the words under it.
BlockLinesPtr block_of(Entry service);

struct Assembly {
  // As Skeleton::Used.
  struct Used {
    std::string name;
    BlockLinesPtr lines;
  };

  Lines head;
  std::vector<Used> uses;

  SkeletonPtr skeleton() const;
};

// The lines of a map's entries, one below the other.
Lines head_of(const Value& words);

// Where the lines of a file come from that was rendered without instances.
class Places {
 public:
  explicit Places(const Assembly& assembly);

  // Without a document: nobody wrote it.
  Place find(config::Location at) const;

 private:
  std::vector<Spot> spots_;
};

}  // namespace woad::control
