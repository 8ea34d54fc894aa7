// How a sidecar gets on with its control plane, for admin. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "proxy/member/member.h"
#include "proxy/observe/prometheus.h"

namespace woad {

std::vector<ExtraFamily> member_metrics(const MemberStatus& member);
// Lines for /readyz.
std::vector<std::string> member_warnings(const MemberStatus& member);

}  // namespace woad
