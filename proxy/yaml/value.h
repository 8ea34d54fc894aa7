// What a text says as plain values, for code that does not care how it is written.
#pragma once

#include <nlohmann/json.hpp>

#include "proxy/yaml/node.h"

namespace woad::yaml {

// Objects keep the order of the text.
using Value = nlohmann::ordered_json;

// Plain scalars have the types that Kubernetes gives them (YAML 1.1: `yes` is true, 0644 an octal
// number); numbers that do not fit become texts, for nothing here computes with them.
Value to_value(const Node& node);

// "spec.containers[0].name", `metadata.annotations["woad.dev/service"]`.
std::string path_words(const Value::json_pointer& path);

// The node at `path`, or the last one on the way to it that is there. `key`: of its key.
size_t place_of(const Node& root, const Value::json_pointer& path, bool key);

}  // namespace woad::yaml
