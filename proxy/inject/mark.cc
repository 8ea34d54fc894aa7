#include "proxy/inject/mark.h"

#include <algorithm>
#include <unordered_set>

#include "proxy/base/json_reading.h"
#include "proxy/yaml/json_value.h"

namespace woad {
namespace {

using Names = std::unordered_set<std::string>;

Names names_of(const Value& mark, const char* key) {
  Names names;
  for (const Value& name : json::items(mark, key)) names.insert(name.get<std::string>());
  return names;
}

void take_from_list(Value& list, const Names& names) {
  Value rest = Value::array();
  for (Value& item : list) {
    if (!names.contains(json::text(item, "name"))) rest.push_back(std::move(item));
  }
  list = std::move(rest);
}

void take_from_map(Value& map, const Names& names) {
  Value::object_t rest;
  for (auto& member : map.get_ref<Value::object_t&>()) {
    if (!names.contains(member.first)) rest.emplace_back(member.first, std::move(member.second));
  }
  map = std::move(rest);
}

bool is_mark(const Value& mark) {
  return mark.is_object() && std::all_of(mark.begin(), mark.end(), [](const Value& names) {
           return names.is_array() &&
                  std::all_of(names.begin(), names.end(),
                              [](const Value& name) { return name.is_string(); });
         });
}

// Takes things out of one pod by its mark.
class Removal {
 public:
  explicit Removal(const Value& mark)
      : mark_(mark), null_(names_of(mark, Mark::kNull)), empty_(names_of(mark, Mark::kEmpty)) {}

  void run(Value& pod) const {
    Value& metadata = pod["metadata"];
    Names annotations = names_of(mark_, "annotations");
    annotations.insert(kInjectedMark);
    take_from_map(metadata["annotations"], annotations);
    leave(metadata, "annotations");
    leave(pod, "metadata");
    if (json::at(pod, "spec").is_null()) return;
    Value& spec = pod["spec"];
    for (const char* const list : {"initContainers", "containers", "volumes", "imagePullSecrets"}) {
      if (!mark_.contains(list) || !json::at(spec, list).is_array()) continue;
      take_from_list(spec[list], names_of(mark_, list));
      leave(spec, list);
    }
  }

 private:
  // What holds nothing any more as it was before.
  void leave(Value& map, const char* key) const {
    Value& value = map[key];
    if (!value.empty()) return;
    if (null_.contains(key)) {
      value = nullptr;
    } else if (!empty_.contains(key)) {
      map.erase(key);
    }
  }

  const Value& mark_;
  Names null_;
  Names empty_;
};

}  // namespace

void take_out(Value& pod, const Pointer& path, Report& report) {
  const Value& marked = json::at(pod, "metadata", "annotations", kInjectedMark);
  if (marked.is_null()) return;
  const Result<Value> mark = yaml::json_value(json::text(marked));
  if (!mark || !is_mark(*mark)) {
    report.errors.push_back({path / "metadata" / "annotations" / kInjectedMark,
                             "is not as woad inject wrote it",
                             "take it out, and the sidecar with it, and inject anew"});
    return;
  }
  Removal(*mark).run(pod);
}

}  // namespace woad
