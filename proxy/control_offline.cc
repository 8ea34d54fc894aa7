#include "proxy/control_offline.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "config/diagnostics.h"
#include "proxy/control/documents/catalog.h"
#include "proxy/control/documents/line_difference.h"
#include "proxy/control/store/directory/directory.h"

namespace woad {
namespace {

using control::Catalog;
using control::Problem;
using control::StoreEntries;

// A folder's documents, and what they say together.
struct Fleet {
  std::string folder;
  StoreEntries documents;
  std::shared_ptr<const Catalog> catalog;

  // Nothing: it has none, or one that does not hold.
  std::optional<std::string> file(const std::string& service) const {
    const auto found = catalog->services.find(service);
    if (found == catalog->services.end() || found->second.skeleton == nullptr) return {};
    return found->second.skeleton->render({});
  }
};

Result<Fleet> read_fleet(std::string folder, const std::vector<FilterKind>& registry) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  auto documents = control::read_directory(folder);
  if (!documents) return documents.error();
  auto catalog = Catalog::read(*documents, {}, registry, nullptr);
  return Fleet{std::move(folder), std::move(*documents), std::move(catalog)};
}

// A problem, or what may be none.
struct Finding {
  std::string document;
  config::Diagnostic what;
};

Finding finding(const Problem& problem, config::Severity severity) {
  return {problem.document, {problem.at, problem.path, problem.message, "", severity}};
}

std::string sentence(const Error& error) { return "woad: " + error.message + "\n"; }

// As `woad validate` prints what it finds in a file, document by document. `found`: by document and
// place.
std::string text_of(const Fleet& fleet, const std::vector<Finding>& found) {
  std::string all;
  for (auto at = found.begin(); at != found.end();) {
    const std::string& document = at->document;
    std::vector<config::Diagnostic> in_it;
    for (; at != found.end() && at->document == document; ++at) in_it.push_back(at->what);
    const auto text = fleet.documents.find(document);
    all += config::text_of(fleet.folder + "/" + document,
                           text == fleet.documents.end() ? nullptr : &text->second.value, in_it);
  }
  return all;
}

std::vector<Finding> errors_in(const Fleet& fleet, std::string_view service) {
  std::vector<Finding> found;
  for (const Problem& problem : fleet.catalog->problems) {
    if (!service.empty() && !problem.service.empty() && problem.service != service) continue;
    found.push_back(finding(problem, config::Severity::kError));
  }
  return found;
}

std::string errors_of(const Fleet& fleet, std::string_view service) {
  return text_of(fleet, errors_in(fleet, service));
}

// Errors, and warnings among them.
std::string all_of(const Fleet& fleet) {
  std::vector<Finding> found = errors_in(fleet, "");
  for (const Problem& problem : fleet.catalog->warnings) {
    found.push_back(finding(problem, config::Severity::kWarning));
  }
  std::stable_sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) {
    const auto place = [](const Finding& one) {
      return std::tie(one.document, one.what.location.line, one.what.location.column);
    };
    return place(a) < place(b);
  });
  return text_of(fleet, found);
}

std::string count_of(size_t services) {
  return std::to_string(services) + (services == 1 ? " service" : " services");
}

std::string changes_of(const std::string& service, const std::optional<std::string>& before,
                       const std::optional<std::string>& after) {
  if (before == after) return service + ": no change\n";
  if (!before) return service + ": new\n";
  if (!after) return service + ": gone\n";
  return "--- " + service + " before\n+++ " + service + " after\n" +
         control::line_difference(*before, *after);
}

std::string difference(const Fleet& before, const Fleet& after) {
  std::set<std::string> services;
  for (const Fleet* fleet : {&before, &after}) {
    for (const auto& [name, service] : fleet->catalog->services) services.insert(name);
  }
  std::string all;
  for (const std::string& service : services) {
    const auto now = after.catalog->services.find(service);
    const bool broken = now != after.catalog->services.end() && now->second.skeleton == nullptr;
    all += broken ? service + ": does not hold\n"
                  : changes_of(service, before.file(service), after.file(service));
  }
  return all;
}

}  // namespace

Printed run_control_check(const ControlCheckCommand& command,
                          const std::vector<FilterKind>& registry) {
  const auto fleet = read_fleet(command.folder, registry);
  if (!fleet) return {"", sentence(fleet.error())};
  Printed printed;
  const bool good = fleet->catalog->problems.empty();
  (good ? printed.warnings : printed.errors) = all_of(*fleet);
  if (!command.before.empty()) {
    const auto before = read_fleet(command.before, registry);
    if (!before) return {"", printed.errors + sentence(before.error())};
    if (!before->catalog->settings.has_value())
      return {"", printed.errors + errors_of(*before, "")};
    if (fleet->catalog->settings.has_value()) printed.out = difference(*before, *fleet);
  }
  if (printed.errors.empty()) {
    printed.out += fleet->folder + ": good: " + count_of(fleet->catalog->services.size()) + "\n";
  }
  return printed;
}

Printed run_control_render(const ControlRenderCommand& command,
                           const std::vector<FilterKind>& registry) {
  const auto fleet = read_fleet(command.folder, registry);
  if (!fleet) return {"", sentence(fleet.error())};
  const auto& services = fleet->catalog->services;
  if (auto file = fleet->file(command.service)) return {std::move(*file), ""};
  if (services.contains(command.service) || !fleet->catalog->settings.has_value()) {
    // Its own mistakes, or those of what it uses.
    const std::string own = errors_of(*fleet, command.service);
    return {"", own.empty() ? errors_of(*fleet, "") : own};
  }
  std::vector<std::string_view> names;
  for (const auto& [name, service] : services) names.push_back(name);
  const std::string hint = config::did_you_mean(command.service, names);
  return {"", sentence(Error{"no service is named " + config::in_quotes(command.service) +
                             (hint.empty() ? "" : "; " + hint)})};
}

}  // namespace woad
