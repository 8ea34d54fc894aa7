#include "proxy/control/plane/metrics.h"

#include <map>
#include <string>
#include <utility>

#include "proxy/control/plane/tally.h"

namespace woad::control {
namespace {

using Samples = std::vector<ExtraFamily::Sample>;

ExtraFamily gauge(std::string name, std::string help, Samples samples) {
  return {std::move(name), std::move(help), true, std::move(samples)};
}

ExtraFamily::Sample of(std::string label, std::string_view value, double count) {
  return {{{std::move(label), std::string(value)}}, count};
}

ExtraFamily rollouts(const Plane& plane) {
  ExtraFamily family = gauge("woad_control_rollouts", "Roll-outs of services, by state.", {});
  std::map<Rollout::State, double> counts;
  for (const auto& [name, records] : plane.view().services()) {
    if (plane.view().has_service(name)) ++counts[records.rollout.state];
  }
  for (const Rollout::State state : {Rollout::State::kDone, Rollout::State::kRolling,
                                     Rollout::State::kHalted, Rollout::State::kRolledBack}) {
    family.samples.push_back(of("state", to_string(state), counts[state]));
  }
  return family;
}

std::string_view word_of(Coding::Kind kind) {
  const std::string_view word = to_string(kind);
  return word.empty() ? "identity" : word;
}

void add_sent(const Plane& plane, std::vector<ExtraFamily>& families) {
  ExtraFamily answers{
      "woad_control_files_sent_total", "Answers with a file, by coding.", false, {}};
  ExtraFamily bytes{"woad_control_file_bytes_sent_total", "Bytes of these, as sent.", false, {}};
  for (const Coding::Kind kind : {Coding::Kind::kPlain, Coding::Kind::kZstd, Coding::Kind::kDcz}) {
    const auto& sent = plane.files().sent();
    const auto at = sent.find(kind);
    const Distribution::Sent count = at == sent.end() ? Distribution::Sent() : at->second;
    answers.samples.push_back(of("coding", word_of(kind), static_cast<double>(count.answers)));
    bytes.samples.push_back(of("coding", word_of(kind), static_cast<double>(count.bytes)));
  }
  families.push_back(std::move(answers));
  families.push_back(std::move(bytes));
}

ExtraFamily answers_of(const Api::Counts& answers) {
  ExtraFamily family{"woad_control_requests_total", "Answers of the API.", false, {}};
  for (const auto& [what, count] : answers) {
    family.samples.push_back(
        {{{"call", std::string(what.first)}, {"code", std::to_string(what.second)}},
         static_cast<double>(count)});
  }
  return family;
}

}  // namespace

std::vector<ExtraFamily> plane_metrics(const Plane& plane, const Api::Counts& answers) {
  ServiceTally sum;
  const auto all = tally_services(plane);
  for (const auto& [name, tally] : all) {
    sum.instances += tally.instances;
    sum.missing += tally.missing;
    sum.members += tally.members;
    sum.applied += tally.applied;
    sum.rejected += tally.rejected;
  }
  const auto number = [](size_t count) { return static_cast<double>(count); };
  const auto& catalog = plane.catalogs().catalog();
  const auto& away = plane.view().away();
  const double away_since =
      away ? std::chrono::duration<double>(away->since.time_since_epoch()).count() : 0;
  std::vector<ExtraFamily> families = {
      one_sample("woad_control_ready", "1 once files can be served.", true,
                 plane.not_ready().empty()),
      one_sample("woad_control_services", "Services with a document, discovered, or registered.",
                 true, all.size()),
      gauge("woad_control_instances", "Instances, by whether their lease has passed.",
            {of("state", "alive", number(sum.instances - sum.missing)),
             of("state", "missing", number(plane.view().registry().missing()))}),
      one_sample("woad_control_protection", "1 while instances without heartbeat are kept.", true,
                 plane.view().registry().protected_since().has_value()),
      gauge("woad_control_members", "Sidecars that poll, by what became of their newest file.",
            {of("result", "applied", number(sum.applied)),
             of("result", "rejected", number(sum.rejected)),
             of("result", "none", number(sum.members - sum.applied - sum.rejected))}),
      one_sample("woad_control_waiting_requests", "Requests that wait for a file.", true,
                 plane.files().waiting()),
      one_sample("woad_control_problems", "What is wrong in documents.", true,
                 catalog == nullptr ? 0 : catalog->problems.size()),
      one_sample("woad_control_store_connected", "1 while the store is there.", true,
                 plane.view().synced() && !away),
      one_sample("woad_control_store_away_since_timestamp_seconds",
                 "Since when the store is away; 0: it is there.", true, away_since)};
  families.push_back(rollouts(plane));
  add_sent(plane, families);
  families.push_back(answers_of(answers));
  return families;
}

}  // namespace woad::control
