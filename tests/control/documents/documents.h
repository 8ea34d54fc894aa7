// Documents as a store has them, for tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "filters/registry.h"
#include "proxy/control/documents/catalog.h"

namespace woad::test {

using Documents = std::map<std::string, std::string>;

inline control::StoreEntries entries(const Documents& documents) {
  control::StoreEntries all;
  for (const auto& [key, text] : documents) all.emplace(key, control::StoreEntry{text, 1, key});
  return all;
}

inline std::shared_ptr<const control::Catalog> read(
    const Documents& documents, const control::AllInstances& instances = {},
    std::shared_ptr<const control::Catalog> previous = nullptr) {
  return control::Catalog::read(entries(documents), instances, filter_registry(), previous.get());
}

// One a line: "document:line:column: message".
inline std::string problems_of(const control::Catalog& catalog) {
  std::string all;
  for (const control::Problem& each : catalog.problems) {
    all += each.document + ":" + std::to_string(each.at.line) + ":" +
           std::to_string(each.at.column) + ": " + each.message + "\n";
  }
  return all;
}

// Without the line of its version; "": it does not hold.
inline std::string file_of(const control::Catalog& catalog, const std::string& service,
                           const control::AllInstances& instances = {}) {
  const auto found = catalog.services.find(service);
  if (found == catalog.services.end() || found->second.skeleton == nullptr) return {};
  const std::string file = found->second.skeleton->render(instances);
  return file.substr(file.find('\n') + 1);
}

}  // namespace woad::test
