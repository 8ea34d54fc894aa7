// What the injection wants to know of the app in a pod, and what may not be in it.
#pragma once

#include <string>
#include <vector>

#include "proxy/inject/annotations.h"
#include "proxy/inject/settings.h"
#include "proxy/inject/target.h"

namespace woad {

// False: an error was added, as it is no pod, or has containers or volumes of the sidecar's names
// that are not the sidecar's.
bool check_app(const Value& pod, const Pointer& path, Report& report);

// By annotation, labels, or owner; "" when nothing names it.
std::string service_name(const Value& pod, const Wishes& wishes, const Target& target);

// The paths of HTTP probes, each once, with their queries, as they go out. What of the kubelet
// cannot pass under strict mTLS is warned of; ports that are not redirected do not matter.
std::vector<std::string> probe_paths(const Value& pod, const Pointer& path, const Wishes& wishes,
                                     Report& report);

// A colour that is none is an error; what will not work as its author thinks is warned of.
void judge_app(const Value& pod, const Pointer& path, const InjectSettings& settings,
               Report& report);

}  // namespace woad
