#include "proxy/inject/target.h"

#include <algorithm>
#include <array>

#include "proxy/base/json_reading.h"

namespace woad {
namespace {

struct Kind {
  std::string_view name;
  std::string_view group;
  const char* pod;  // where the Pod or its template is
  Target::Life life = Target::Life::kServes;
};

constexpr std::array<Kind, 9> kKinds = {{
    {"Pod", "", ""},
    {"Deployment", "apps", "/spec/template"},
    {"StatefulSet", "apps", "/spec/template"},
    {"DaemonSet", "apps", "/spec/template"},
    {"ReplicaSet", "apps", "/spec/template"},
    {"Deployment", "extensions", "/spec/template"},
    {"DaemonSet", "extensions", "/spec/template"},
    {"Job", "batch", "/spec/template", Target::Life::kFinishes},
    {"CronJob", "batch", "/spec/jobTemplate/spec/template", Target::Life::kFinishes},
}};

// "apps" of "apps/v1", "" of "v1".
std::string group_of(const std::string& api_version) {
  const size_t slash = api_version.find('/');
  return slash == std::string::npos ? std::string() : api_version.substr(0, slash);
}

struct Type {
  std::string kind;
  std::string api_version;
};

// `of_list`: what an item says that says nothing, as those of a DeploymentList do.
Type type_of(const Value& document, const Type& of_list) {
  Type type{json::text(document, "kind"), json::text(document, "apiVersion")};
  if (type.kind.empty()) type.kind = of_list.kind;
  if (type.api_version.empty()) type.api_version = of_list.api_version;
  return type;
}

// Of the items of a list; `List` itself says nothing of them.
Type items_of(const Type& list) {
  constexpr size_t kSuffix = std::string_view("List").size();
  return {list.kind.substr(0, list.kind.size() - kSuffix), list.api_version};
}

const Kind* kind_of(const Type& type) {
  const std::string group = group_of(type.api_version);
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& known) {
    return known.name == type.kind && known.group == group;
  });
  return found == kKinds.end() ? nullptr : &*found;
}

struct Owner {
  std::string kind;
  std::string name;
};

// The controller, else the first one.
Owner owner_of(const Value& metadata) {
  Owner owner;
  for (const Value& one : json::items(metadata, "ownerReferences")) {
    const bool controls = json::is_true(one, "controller");
    if (!owner.name.empty() && !controls) continue;
    owner = {json::text(one, "kind"), json::text(one, "name")};
    if (controls) break;
  }
  return owner;
}

// Its name, or what its name will begin with.
std::string name_of(const Value& metadata) {
  std::string name = json::text(metadata, "name");
  if (name.empty()) name = json::text(metadata, "generateName");
  while (name.ends_with('-')) name.pop_back();
  return name;
}

std::string service_of(const Value& document, const Kind& kind) {
  const Value& metadata = json::at(document, "metadata");
  const std::string hash = json::text(metadata, "labels", "pod-template-hash");
  const Owner owner = owner_of(metadata);
  if (owner.kind == "ReplicaSet") return without_hash(owner.name, hash);
  if (owner.kind == "Job") return without_number(owner.name);
  if (!owner.name.empty() && owner.kind != "Node") return owner.name;
  std::string name = name_of(metadata);
  if (kind.name == "Pod" && json::text(metadata, "name").empty() && !hash.empty()) {
    return without_hash(name, hash);
  }
  return name;
}

void collect(const Value& document, const Type& of_list, const Pointer& path,
             std::vector<Target>& targets) {
  const Type type = type_of(document, of_list);
  if (type.kind.ends_with("List")) {
    const auto& items = json::items(document, "items");
    const Type of_items = items_of(type);
    for (size_t i = 0; i < items.size(); ++i) {
      collect(items[i], of_items, path / "items" / i, targets);
    }
    return;
  }
  const Kind* const kind = kind_of(type);
  if (kind == nullptr) return;
  Target target{path / Pointer(kind->pod), path, service_of(document, *kind), kind->life};
  target.is_pod = kind->name == "Pod";
  if (target.is_pod && owner_of(json::at(document, "metadata")).kind == "Job") {
    target.life = Target::Life::kFinishes;
  }
  targets.push_back(std::move(target));
}

}  // namespace

std::string without_hash(const std::string& replica_set, const std::string& hash) {
  if (!hash.empty() && replica_set.ends_with("-" + hash)) {
    return replica_set.substr(0, replica_set.size() - hash.size() - 1);
  }
  // The letters that Kubernetes makes hashes of: no vowels and nothing that looks like another.
  const size_t dash = replica_set.rfind('-');
  if (dash == std::string::npos || dash == 0) return replica_set;
  const std::string_view end = std::string_view(replica_set).substr(dash + 1);
  const bool is_hash =
      end.size() >= 5 && end.size() <= 10 &&
      end.find_first_not_of("bcdfghjklmnpqrstvwxz2456789") == std::string_view::npos;
  return is_hash ? replica_set.substr(0, dash) : replica_set;
}

// A CronJob's number counts minutes since 1970; older versions counted seconds.
std::string without_number(const std::string& job) {
  const size_t dash = job.rfind('-');
  if (dash == std::string::npos || dash == 0) return job;
  const std::string_view end = std::string_view(job).substr(dash + 1);
  const bool is_number = end.size() >= 8 && end.size() <= 10 &&
                         end.find_first_not_of("0123456789") == std::string_view::npos;
  return is_number ? job.substr(0, dash) : job;
}

std::vector<Target> targets_of(const Value& document) {
  std::vector<Target> targets;
  collect(document, {}, Pointer(), targets);
  return targets;
}

}  // namespace woad
