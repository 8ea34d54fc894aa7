// The documents that are read together, as trees; what is wrong with their text is told. One
// thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/document.h"
#include "proxy/control/documents/problem_list.h"
#include "proxy/control/documents/value.h"
#include "proxy/control/store/store.h"

namespace woad::control {

// One document. Its nodes say texts as they are written.
struct Source {
  uint32_t index = 0;  // of Place
  std::string origin;
  std::string service;  // whose document it is; "": the mesh's
  std::shared_ptr<const config::Document> tree;

  config::Node root() const { return tree->root(); }
};

class Sources {
 public:
  // `problems` outlives this.
  explicit Sources(ProblemList& problems) : problems_(problems) {}

  // nullptr: it does not hold, and a problem was added. As long as this.
  const Source* read(const StoreEntry& entry, const std::string& service);
  // nullptr for Place::kNoDocument.
  const Source* find(uint32_t document) const;
  // What is wrong at a place of a source.
  void complain(const Source& source, const config::Diagnostics& found);

 private:
  ProblemList& problems_;
  std::vector<std::unique_ptr<const Source>> read_;
};

}  // namespace woad::control
