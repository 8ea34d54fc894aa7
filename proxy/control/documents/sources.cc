#include "proxy/control/documents/sources.h"

#include <utility>

namespace woad::control {

const Source* Sources::read(const StoreEntry& entry, const std::string& service) {
  if (!entry.error.empty()) {
    problems_.add({entry.origin, {}, service, "", entry.error});
    return nullptr;
  }
  if (entry.value.size() > kMaxDocument) {
    problems_.add({entry.origin, {}, service, "", "the document is larger than 4 MiB"});
    return nullptr;
  }
  config::Diagnostics diagnostics(entry.origin);
  std::shared_ptr<const config::Document> tree;
  if (const auto yaml = config::Document::yaml_of(entry.value, diagnostics)) {
    tree = config::Document::parse(*yaml, config::Environment::verbatim(), diagnostics);
  }
  problems_.add(entry.origin, service, diagnostics);
  if (tree == nullptr || !diagnostics.ok()) return nullptr;
  const auto index = static_cast<uint32_t>(read_.size());
  read_.push_back(
      std::make_unique<const Source>(Source{index, entry.origin, service, std::move(tree)}));
  return read_.back().get();
}

const std::string& Sources::origin(uint32_t document) const {
  static const std::string kNone;
  return document < read_.size() ? read_[document]->origin : kNone;
}

void Sources::complain(const Source& source, const config::Diagnostics& found) {
  problems_.add(source.origin, source.service, found);
}

}  // namespace woad::control
