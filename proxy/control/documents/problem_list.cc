#include "proxy/control/documents/problem_list.h"

#include <utility>

namespace woad::control {

std::string sentence_of(const config::Diagnostic& diagnostic) {
  return diagnostic.message + (diagnostic.hint.empty() ? "" : "; " + diagnostic.hint);
}

void ProblemList::add(Problem problem) {
  Key key{std::move(problem.document), problem.at.line, problem.at.column, std::move(problem.path),
          std::move(problem.message)};
  const auto known = services_.find(key);
  if (known != services_.end()) {
    if (known->second != problem.service) known->second.clear();
  } else if (services_.size() < kMost) {
    services_.emplace(std::move(key), std::move(problem.service));
  }
}

void ProblemList::add(const std::string& document, const std::string& service,
                      const config::Diagnostics& found) {
  for (const config::Diagnostic& each : found.sorted()) {
    if (each.severity != config::Severity::kError) continue;
    add({document, each.location, service, each.path, sentence_of(each)});
  }
}

std::vector<Problem> ProblemList::take() {
  std::vector<Problem> all;
  all.reserve(services_.size());
  for (auto& [key, service] : std::exchange(services_, {})) {
    const auto& [document, line, column, path, message] = key;
    all.push_back({document, {line, column}, std::move(service), path, message});
  }
  return all;
}

}  // namespace woad::control
