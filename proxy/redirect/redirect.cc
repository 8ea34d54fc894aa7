#include "proxy/redirect/redirect.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "proxy/redirect/iptables.h"
#include "proxy/redirect/iptables_text.h"
#include "proxy/redirect/nft.h"
#include "proxy/redirect/nft_text.h"
#include "proxy/redirect/rules.h"

namespace woad::redirect {
namespace {

constexpr char kNoIptables[] =
    "the iptables programs (iptables-save, iptables-restore and those of ip6tables) are not here";

Result<void> check_capability() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) == 0 && (data[0].effective & (1U << CAP_NET_ADMIN)) != 0) {
    return {};
  }
  return Error{
      "NET_ADMIN is missing: run woad redirect as root with the capability NET_ADMIN "
      "(in Kubernetes: securityContext of the init container: runAsUser: 0, "
      "capabilities: { drop: [ALL], add: [NET_ADMIN] })"};
}

// Held, no other `woad redirect` changes this network namespace, in whichever container of the pod:
// of two at once with different backends each would take out what the other put in. The lock is
// flock(2) of the namespace's own file; without /proc nobody is waited for.
class Turn {
 public:
  Turn() : namespace_(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
    while (namespace_ >= 0 && flock(namespace_, LOCK_EX) < 0 && errno == EINTR) {
    }
  }
  ~Turn() {
    if (namespace_ >= 0) close(namespace_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  int namespace_;
};

std::string iptables_script(const char* program, const Rules* rules, Family family) {
  std::string text = std::string("# ") + program + " --noflush\n";
  return text + iptables_transaction(
                    {}, rules ? iptables_lines(*rules, family) : std::vector<std::string>{});
}

std::string show(const Options& options) {
  const Rules rules = make_rules(options);
  if (options.backend == Backend::kIptables ||
      (options.backend == Backend::kAuto && !open_nft() && !iptables_variants().empty())) {
    const Rules* const wanted = options.remove ? nullptr : &rules;
    return iptables_script("iptables-restore", wanted, Family::kIpv4) +
           iptables_script("ip6tables-restore", wanted, Family::kIpv6);
  }
  return options.remove ? kNftRemove : kNftRemove + nft_table(rules);
}

// Where the rules were brought to.
struct Done {
  Outcome outcome;
  std::string where;
};

Result<Done> install_by_nft(const Rules& rules) {
  auto nft = open_nft();
  if (!nft) return nft.error();
  const auto outcome = nft_install(**nft, nft_table(rules));
  if (!outcome) return outcome.error();
  return Done{*outcome, "nft"};
}

// The first variant that the kernel can do.
Result<Done> install_by_iptables(const Rules& rules) {
  Error error{kNoIptables};
  for (const IptablesVariant& variant : iptables_variants()) {
    const auto outcome = iptables_install(variant, rules);
    if (outcome) return Done{*outcome, variant.name};
    error = outcome.error();
  }
  return error;
}

Result<Done> install_by(Backend backend, const Rules& rules) {
  if (backend == Backend::kIptables) return install_by_iptables(rules);
  auto by_nft = install_by_nft(rules);
  if (by_nft || backend == Backend::kNft) return by_nft;
  auto by_iptables = install_by_iptables(rules);
  if (by_iptables) return by_iptables;
  return Error{by_nft.error().message + "; " + by_iptables.error().message};
}

// Everywhere but in `keep`, where something is; a way that is not here has nothing.
Result<Outcome> remove_except(const std::string& keep) {
  Outcome outcome = Outcome::kUnchanged;
  if (keep != "nft") {
    auto nft = open_nft();
    const auto done = nft ? nft_remove(**nft) : Outcome::kUnchanged;
    if (!done) return done.error();
    outcome = *done;
  }
  for (const IptablesVariant& variant : iptables_variants()) {
    if (variant.name == keep) continue;
    const auto done = iptables_remove(variant);
    if (!done) return done.error();
    if (*done == Outcome::kChanged) outcome = *done;
  }
  return outcome;
}

Result<std::string> remove() {
  const auto outcome = remove_except("");
  if (!outcome) return outcome.error();
  return std::string(*outcome == Outcome::kChanged ? "removed: nothing is redirected any more\n"
                                                   : "nothing is redirected here\n");
}

Result<std::string> install(const Options& options) {
  const auto done = install_by(options.backend, make_rules(options));
  if (!done) return done.error();
  const auto others = remove_except(done->where);
  if (!others) return others.error();
  const bool changed = done->outcome == Outcome::kChanged || *others == Outcome::kChanged;
  return std::string(changed ? "redirected" : "redirected already") + " by " + done->where +
         ": inbound to " + std::to_string(options.inbound) + ", outbound to " +
         std::to_string(options.outbound) + ", but for what user " + std::to_string(options.user) +
         " sends\n";
}

}  // namespace

Result<std::string> run(const Options& options) {
  if (options.dry_run) return show(options);
  const auto may = check_capability();
  if (!may) return may.error();
  const Turn turn;
  return options.remove ? remove() : install(options);
}

}  // namespace woad::redirect
