// The annotation that says what was put into a pod, so that it can be taken out again.
#pragma once

#include <string>

#include "proxy/base/json.h"
#include "proxy/inject/annotations.h"

namespace woad {

class Mark {
 public:
  // `list`: initContainers, containers, volumes, imagePullSecrets, or annotations.
  void add(const char* list, const std::string& name) { names_[list].push_back(name); }
  // `key` (one of these, or metadata) is there and holds nothing, null or an empty list or map: it
  // is so again when all is out.
  void keep(const char* key, const Value& nothing) {
    names_[nothing.is_null() ? kNull : kEmpty].push_back(key);
  }
  // One line of JSON.
  std::string text() const { return json_line(names_); }

  // Of the annotation, beside the names of lists.
  static constexpr const char* kNull = "null";
  static constexpr const char* kEmpty = "empty";

 private:
  Value names_ = Value::object();
};

// Takes out what the mark of a pod names, the mark itself, and lists and maps that are empty then
// and were not there. A pod without one stays as it is.
void take_out(Value& pod, const Pointer& path, Report& report);

}  // namespace woad
