#include "proxy/redirect/iptables.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "proxy/redirect/iptables_text.h"
#include "proxy/redirect/program.h"

namespace woad::redirect {
namespace {

struct FamilyPrograms {
  Family family;
  std::string save;
  std::string restore;
};

std::vector<FamilyPrograms> families(const IptablesVariant& variant) {
  const std::vector<std::string>& programs = variant.programs;
  std::vector<FamilyPrograms> all = {{Family::kIpv4, programs[0], programs[1]}};
  const bool has_ipv6 = access("/proc/net/if_inet6", F_OK) == 0;
  if (has_ipv6) all.push_back({Family::kIpv6, programs[2], programs[3]});
  return all;
}

// Of all tables that are in use: asking for one by name would make it.
Result<std::vector<std::string>> standing_lines(const FamilyPrograms& programs) {
  const Result<ProgramEnd> end = run_program({programs.save}, "");
  if (!end) return end.error();
  if (!end->good()) return Error{programs.save + ": " + first_line(end->err)};
  if ((end->out + end->err).find("`nat' is incompatible") != std::string::npos) {
    return Error{programs.save +
                 ": the table nat has rules of nft, beside which it shows none; "
                 "take --backend nft"};
  }
  return our_iptables_lines(end->out);
}

Result<Outcome> bring(const FamilyPrograms& programs, const std::vector<std::string>& wanted) {
  const auto standing = standing_lines(programs);
  if (!standing) return standing.error();
  if (*standing == wanted) return Outcome::kUnchanged;
  // -w: another one that holds the lock of the legacy variant is waited for.
  const Result<ProgramEnd> end =
      run_program({programs.restore, "--noflush", "-w"}, iptables_transaction(*standing, wanted));
  if (!end) return end.error();
  if (!end->good()) return Error{programs.restore + ": " + first_line(end->err)};
  return Outcome::kChanged;
}

// In the order of IptablesVariant::programs; empty when one is missing.
std::vector<std::string> programs_of(const std::string& suffix) {
  std::vector<std::string> paths;
  for (const char* tool : {"iptables", "ip6tables"}) {
    for (const char* job : {"-save", "-restore"}) {
      paths.push_back(find_program(tool + suffix + job));
      if (paths.back().empty()) return {};
    }
  }
  return paths;
}

bool same_program(const IptablesVariant& one, const std::vector<std::string>& other) {
  std::error_code code;
  return std::filesystem::equivalent(one.programs.front(), other.front(), code);
}

}  // namespace

std::vector<IptablesVariant> iptables_variants() {
  std::vector<IptablesVariant> variants;
  for (const std::string suffix : {"", "-nft", "-legacy"}) {
    const std::vector<std::string> programs = programs_of(suffix);
    const bool known = !programs.empty() && std::ranges::any_of(variants, [&](const auto& one) {
      return same_program(one, programs);
    });
    if (!programs.empty() && !known) variants.push_back({"iptables" + suffix, programs});
  }
  return variants;
}

Result<Outcome> iptables_install(const IptablesVariant& variant, const Rules& rules) {
  Outcome outcome = Outcome::kUnchanged;
  for (const FamilyPrograms& programs : families(variant)) {
    const Result<Outcome> done = bring(programs, iptables_lines(rules, programs.family));
    if (!done) {
      // Half of the rules would let one family pass by the sidecar. What this says is said already.
      [[maybe_unused]] const Result<Outcome> gone = iptables_remove(variant);
      return done.error();
    }
    if (*done == Outcome::kChanged) outcome = Outcome::kChanged;
  }
  return outcome;
}

Result<Outcome> iptables_remove(const IptablesVariant& variant) {
  Outcome outcome = Outcome::kUnchanged;
  for (const FamilyPrograms& programs : families(variant)) {
    // What cannot be listed, with NET_ADMIN, the kernel does not have.
    if (!standing_lines(programs)) continue;
    const Result<Outcome> done = bring(programs, {});
    if (!done) return done.error();
    if (*done == Outcome::kChanged) outcome = Outcome::kChanged;
  }
  return outcome;
}

}  // namespace woad::redirect
