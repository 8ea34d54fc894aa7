// A Kubernetes document with the sidecar in its pods, or without it. Pure; any thread.
//
// What was put in is written down in the annotation `woad.dev/injected`, and is taken out before it
// is put in anew: so a second run changes nothing, and one after a change of annotations or
// settings gives what a fresh injection gives.
#pragma once

#include "proxy/inject/report.h"
#include "proxy/inject/settings.h"

namespace woad {

// The document as it becomes; with errors in `report` it is of no use. Documents and pods that are
// not to be touched stay as they are.
Value inject(const Value& document, const InjectSettings& settings, Report& report);

// Whatever inject() put in is out again.
Value remove_injection(const Value& document, Report& report);

}  // namespace woad
