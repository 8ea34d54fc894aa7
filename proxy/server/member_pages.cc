#include "proxy/server/member_pages.h"

#include <chrono>

#include "proxy/base/rfc3339.h"

namespace woad {

std::vector<ExtraFamily> member_metrics(const MemberStatus& member) {
  const double contact =
      member.last_contact
          ? std::chrono::duration<double>(member.last_contact->time_since_epoch()).count()
          : 0;
  return {one_sample("woad_control_plane_connected", "1 while the control plane answers, else 0.",
                     true, member.connected),
          one_sample("woad_control_plane_last_contact_timestamp_seconds",
                     "When the control plane last gave a good answer; 0 before the first.", true,
                     contact)};
}

std::vector<std::string> member_warnings(const MemberStatus& member) {
  std::vector<std::string> lines;
  if (!member.connected && !member.why.empty()) {
    std::string line = "warning: the control plane is of no use, what runs stays: " + member.why;
    if (member.last_contact) line += "; it last answered at " + rfc3339(*member.last_contact);
    lines.push_back(std::move(line));
  }
  if (!member.unregistered.empty()) {
    lines.push_back("warning: the control plane does not take this instance: " +
                    member.unregistered);
  }
  return lines;
}

}  // namespace woad
