#include "proxy/control_offline.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

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
    const auto found = catalog->services().find(service);
    if (found == catalog->services().end() || found->second.skeleton == nullptr) return {};
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

std::string sentence(const Error& error) { return "woad: " + error.message + "\n"; }

// As `woad validate` prints the errors of a file, document by document.
std::string errors_of(const Fleet& fleet, std::string_view service) {
  std::string all;
  std::string_view document;
  config::Diagnostics diagnostics("");
  for (const Problem& problem : fleet.catalog->problems()) {
    if (!service.empty() && !problem.service.empty() && problem.service != service) continue;
    if (problem.document != document) {
      all += diagnostics.text();
      document = problem.document;
      const auto text = fleet.documents.find(document);
      diagnostics = config::Diagnostics(
          fleet.folder + "/" + problem.document,
          text == fleet.documents.end() ? nullptr
                                        : std::make_shared<const std::string>(text->second.value));
    }
    diagnostics.error(problem.at, problem.path, problem.message);
  }
  return all + diagnostics.text();
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
    for (const auto& [name, service] : fleet->catalog->services()) services.insert(name);
  }
  std::string all;
  for (const std::string& service : services) {
    const auto now = after.catalog->services().find(service);
    const bool broken = now != after.catalog->services().end() && now->second.skeleton == nullptr;
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
  Printed printed{"", errors_of(*fleet, "")};
  if (!command.before.empty()) {
    const auto before = read_fleet(command.before, registry);
    if (!before) return {"", printed.errors + sentence(before.error())};
    if (!before->catalog->has_mesh()) return {"", printed.errors + errors_of(*before, "")};
    if (fleet->catalog->has_mesh()) printed.out = difference(*before, *fleet);
  }
  if (printed.errors.empty()) {
    printed.out += fleet->folder + ": good: " + count_of(fleet->catalog->services().size()) + "\n";
  }
  return printed;
}

Printed run_control_render(const ControlRenderCommand& command,
                           const std::vector<FilterKind>& registry) {
  const auto fleet = read_fleet(command.folder, registry);
  if (!fleet) return {"", sentence(fleet.error())};
  const auto& services = fleet->catalog->services();
  if (auto file = fleet->file(command.service)) return {std::move(*file), ""};
  if (services.contains(command.service) || !fleet->catalog->has_mesh()) {
    // Its own mistakes, or those of what it uses.
    const std::string own = errors_of(*fleet, command.service);
    return {"", own.empty() ? errors_of(*fleet, "") : own};
  }
  std::vector<std::string_view> names;
  for (const auto& [name, service] : services) names.push_back(name);
  const std::string hint = config::did_you_mean(command.service, names);
  return {"", sentence(Error{"no service is named " + config::quoted(command.service) +
                             (hint.empty() ? "" : "; " + hint)})};
}

}  // namespace woad
