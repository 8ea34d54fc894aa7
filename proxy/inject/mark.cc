#include "proxy/inject/mark.h"

#include <algorithm>

#include "proxy/base/json.h"
#include "proxy/base/json_reading.h"

namespace woad {
namespace {

bool holds(const Value& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void take_from_list(Value& spec, const std::string& key, const Value& names) {
  const auto list = spec.find(key);
  if (list == spec.end() || !list->is_array()) return;
  Value rest = Value::array();
  for (Value& item : *list) {
    if (!holds(names, json::text(item, "name"))) rest.push_back(std::move(item));
  }
  *list = std::move(rest);
  if (list->empty()) spec.erase(key);
}

bool is_mark(const Value& mark) {
  return mark.is_object() && std::all_of(mark.begin(), mark.end(), [](const Value& names) {
           return names.is_array() &&
                  std::all_of(names.begin(), names.end(),
                              [](const Value& name) { return name.is_string(); });
         });
}

}  // namespace

void take_out(Value& pod, const Pointer& path, Report& report) {
  const Value& marked = json::at(pod, "metadata", "annotations", kInjectedMark);
  if (marked.is_null()) return;
  const Value mark = parse_ordered_json(json::text(marked));
  if (!is_mark(mark)) {
    report.errors.push_back({path / "metadata" / "annotations" / kInjectedMark,
                             "is not as woad inject wrote it",
                             "take it out, and the sidecar with it, and inject anew"});
    return;
  }
  Value& metadata = pod["metadata"];
  Value& annotations = metadata["annotations"];
  annotations.erase(kInjectedMark);
  for (const auto& item : mark.items()) {
    if (item.key() == "annotations") {
      for (const Value& name : item.value()) annotations.erase(name.get<std::string>());
    } else if (!json::at(pod, "spec").is_null()) {
      take_from_list(pod["spec"], item.key(), item.value());
    }
  }
  if (annotations.empty()) metadata.erase("annotations");
  if (metadata.empty()) pod.erase("metadata");
}

}  // namespace woad
