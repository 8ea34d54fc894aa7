// What the objects of a cluster say of one service, as entries of a store. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/control/store/kubernetes/objects.h"

namespace woad::control::kubernetes {

// `name` in the namespace of the mesh document, `name.namespace` elsewhere.
std::string service_name(const ObjectName& service, std::string_view mesh_space);

// discovered/<service>, and instances/<service>/<pod>, by key.
using Discovered = std::map<std::string, std::string>;

// Pods that have no sidecar are called in plaintext, as long as none of the service's has one;
// while it has no endpoints, that is left to the documents, so that scaling it to none changes
// nothing of a mesh.
//
// A Service with several ports is a service of its name, for the first port whose appProtocol is
// one of HTTP, else the one that is called `http`, else the first of TCP; and one more for each
// other port, called <service>_<name of the port>, which claims the same hosts for that port alone.
// `slices` are all those of the service.
//
// An instance is called as its pod, or by its address where there is none. A pod that is not known
// (yet), or whose colour or tenant is no word of the mesh, is left out: as one without, it would be
// given what is not for it.
Discovered discover(const ObjectName& service, std::string_view mesh_space,
                    const ServiceObject& object, const std::vector<const SliceObject*>& slices,
                    const std::map<ObjectName, PodObject>& pods);

}  // namespace woad::control::kubernetes
