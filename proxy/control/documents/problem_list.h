// Problems as they are found: one mistake that many files have is told once. One thread.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "proxy/control/documents/problem.h"

namespace woad::control {

class ProblemList {
 public:
  // More than these say nothing new.
  static constexpr size_t kMost = 1000;

  // `problem.service` becomes "" when files of several services have it.
  void add(Problem problem);
  // `found` in the document itself.
  void add(const std::string& document, const std::string& service,
           const config::Diagnostics& found);

  // By document and place.
  std::vector<Problem> take();

 private:
  using Key = std::tuple<std::string, uint32_t, uint32_t, std::string, std::string>;

  std::map<Key, std::string> services_;
};

// As a Problem says it, hint included.
std::string sentence_of(const config::Diagnostic& diagnostic);

}  // namespace woad::control
