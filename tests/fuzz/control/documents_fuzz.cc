// Any bytes as the documents of a fleet: mesh.yaml, those of two services, what was discovered of a
// third, and instances, each ended by the byte 0xff, which no document may hold. No crash; the same
// documents say the same twice; and each file that is made of them is one that `woad validate`
// takes, with instances and without.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "filters/registry.h"
#include "proxy/control/documents/catalog.h"
#include "proxy/snapshot/config_loader.h"

using namespace woad;
using namespace woad::control;

namespace {

std::string next(std::string_view& rest, char end) {
  const std::string text(rest.substr(0, rest.find(end)));
  rest.remove_prefix(std::min(rest.size(), text.size() + 1));
  return text;
}

// A line each: its address, and its zone behind a blank.
Instances instances_of(std::string_view lines) {
  Instances instances;
  while (!lines.empty()) {
    const std::string line = next(lines, '\n');
    std::string_view rest = line;
    Instance instance{.address = next(rest, ' ')};
    if (!rest.empty()) instance.labels["zone"] = std::string(rest);
    instances["i" + std::to_string(instances.size())] = std::move(instance);
  }
  return instances;
}

void check_validates(const std::string& service, const std::string& file) {
  const LoadBasis basis{filter_registry()};
  const auto loaded =
      load_config_text(file, "woad.yaml", config::Environment::of_service(service), basis);
  if (loaded.snapshot == nullptr) __builtin_trap();
}

std::string words_of(const std::vector<Problem>& problems) {
  std::string all;
  for (const Problem& each : problems) {
    all += each.document + ":" + std::to_string(each.at.line) + ":" +
           std::to_string(each.at.column) + " " + each.service + " " + each.path + " " +
           each.message + "\n";
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  StoreEntries documents;
  for (const char* const key :
       {"mesh.yaml", "services/a.yaml", "services/b.yaml", "discovered/c"}) {
    documents[key] = {.value = next(rest, '\xff'), .revision = 1, .origin = key};
  }
  const Instances found = instances_of(rest);
  AllInstances instances;
  if (!found.empty()) instances = {{"a", found}, {"c", found}};

  const auto once = Catalog::read(documents, instances, filter_registry(), nullptr);
  const auto twice = Catalog::read(documents, instances, filter_registry(), nullptr);
  const auto on_top = Catalog::read(documents, instances, filter_registry(), once.get());
  const std::string problems = words_of(once->problems);
  if (problems != words_of(twice->problems) || problems != words_of(on_top->problems)) {
    __builtin_trap();
  }
  for (const auto& [name, service] : once->services) {
    const SkeletonPtr& again = twice->services.at(name).skeleton;
    if ((service.skeleton == nullptr) != (again == nullptr)) __builtin_trap();
    if (service.skeleton == nullptr) {
      if (problems.empty()) __builtin_trap();
      continue;
    }
    const std::string file = service.skeleton->render(instances);
    if (file != again->render(instances)) __builtin_trap();
    check_validates(name, file);
    check_validates(name, service.skeleton->render({}));
    const auto kept = Skeleton::from_text(service.skeleton->to_text());
    if (!kept || (*kept)->id() != service.skeleton->id()) __builtin_trap();
  }
  return 0;
}
