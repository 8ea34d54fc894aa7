// What a pod asks of its injection, by its annotations and labels below `woad.dev/`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "proxy/inject/report.h"

namespace woad {

inline constexpr const char* kInjectedMark = "woad.dev/injected";

struct Wishes {
  std::string service;  // "": by labels and owner
  std::string config;   // a ConfigMap; "": none named
  // Options of `woad redirect` with their values.
  std::vector<std::pair<std::string, std::string>> redirect;
  // "cpu", "memory" -> a quantity, or "" for none.
  std::map<std::string, std::string> requests;
  std::map<std::string, std::string> limits;
};

// By the annotation `woad.dev/inject`, or the label of that name where there is no annotation.
bool is_disabled(const Value& pod);

// `pod` is a Pod or a template of one, at `path` in its document. Wrong values are errors, unknown
// names warnings.
Wishes read_wishes(const Value& pod, const Pointer& path, Report& report);

}  // namespace woad
