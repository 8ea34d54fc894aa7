#include "proxy/control/documents/settings_table.h"

#include <algorithm>
#include <utility>

#include "proxy/match/spiffe_pattern.h"

namespace woad::control {
namespace {

using config::Node;
using config::Shape;

std::string fault_of_pattern(const std::string& text) {
  const auto pattern = SpiffePattern::parse(text);
  return pattern ? std::string() : pattern.error().message;
}

Shape<std::string> spiffe_pattern() {
  return config::where<std::string>(config::text(), fault_of_pattern);
}

constexpr uint64_t kMostInstances = 10'000;

Result<RolloutStep> parse_step(std::string_view text) {
  if (text.ends_with('%')) {
    const auto share = config::parse_share(text);
    if (!share) return share.error();
    if (share->value <= 0) return Error{config::in_quotes(text) + " is no step"};
    return RolloutStep{0, share->value * 100};
  }
  const auto count = config::parse_integer(text, 1, kMostInstances);
  if (!count) return Error{config::in_quotes(text) + " is no step"};
  return RolloutStep{static_cast<uint32_t>(*count), 0};
}

Shape<RolloutStep> step() {
  return config::scalar<RolloutStep>("instances or a share", "steps are 1, 10%, 100%",
                                     [] { return config::detail::string_schema(); }, parse_step,
                                     {});
}

// Counts and shares cannot be compared before a service is known.
void check_plan(const RolloutPlan& plan, const Node& node, config::Diagnostics& diagnostics) {
  const Node steps = node.find("steps");
  if (steps && plan.steps.empty()) diagnostics.error(steps, "needs a step at least");
  RolloutStep most;  // of either kind, so far
  size_t i = 0;
  for (const Node at : steps.items()) {
    const RolloutStep& step = plan.steps[i++];
    if (step.count != 0 ? step.count < most.count : step.percent < most.percent) {
      diagnostics.error(at, "is less than a step before it; who has a change keeps it");
    }
    most = {std::max(most.count, step.count), std::max(most.percent, step.percent)};
  }
}

const config::Table<RolloutPlan>& plan_table() {
  static const config::Table<RolloutPlan> table{
      {{"steps", &RolloutPlan::steps, config::list_of(step()),
        "How many instances of a service have a change at each step; at the last, all."},
       {"pause", &RolloutPlan::pause, "How long a step lasts once all of it have applied it."},
       {"timeout", &RolloutPlan::timeout, config::duration(seconds(1)),
        "A step that did not answer by then halts."}},
      check_plan};
  return table;
}

// What is left out is as in the contract; all there are is always the last step.
bool decode_plan(const Node& node, std::optional<RolloutPlan>& out,
                 config::Diagnostics& diagnostics) {
  RolloutPlan plan;
  plan.steps = {{1, 0}, {0, 10}, {0, 50}, {0, 100}};
  if (!plan_table().decode(node, plan, diagnostics)) return false;
  if (plan.steps.back() != RolloutStep{0, 100}) plan.steps.push_back({0, 100});
  out = std::move(plan);
  return true;
}

Shape<std::optional<RolloutPlan>> plan() {
  return {"map", [] { return plan_table().schema_text(); }, decode_plan, {}};
}

// Written as any share, kept as a number.
Shape<double> share_of_all() {
  const Shape<config::Share> share = config::share();
  return {share.type,
          share.schema,
          [decode = share.decode](const Node& node, double& out, config::Diagnostics& diagnostics) {
            config::Share written;
            if (!decode(node, written, diagnostics)) return false;
            out = written.value;
            return true;
          },
          {}};
}

}  // namespace

Shape<std::string> identity_pattern() {
  return config::where<std::string>(config::text(), [](const std::string& text) {
    return fault_of_pattern(identity_of(text, "service", "name", "namespace"));
  });
}

std::string identity_of(std::string pattern, std::string_view service, std::string_view name,
                        std::string_view name_space) {
  const std::pair<std::string_view, std::string_view> words[] = {
      {"{service}", service}, {"{name}", name}, {"{namespace}", name_space}};
  for (const auto& [word, value] : words) {
    for (size_t at = pattern.find(word); at != std::string::npos;
         at = pattern.find(word, at + value.size())) {
      pattern.replace(at, word.size(), value);
    }
  }
  return pattern;
}

const config::Table<Settings>& settings_table() {
  static const config::Table<Settings> table{
      {{"readers", &Settings::readers, config::list_of(spiffe_pattern()),
        "SPIFFE patterns of those who may read what the control plane knows."},
       {"operators", &Settings::operators, config::list_of(spiffe_pattern()),
        "SPIFFE patterns of those who may halt, resume and roll back."},
       {"identities", &Settings::identities, identity_pattern(),
        "Who may have a service's file and register for it, where its document does not say."},
       {"lease", &Settings::lease, config::duration(seconds(1)),
        "An instance that was not heard of for so long goes."},
       {"heartbeat", &Settings::heartbeat, config::duration(milliseconds(100)),
        "How often an instance is heard of."},
       {"protect_above", &Settings::protect_above, share_of_all(),
        "When more than this share of all instances would go at once, none does."},
       {"rollout", &Settings::rollout, plan(),
        "Changes of documents go out in steps; left out: to all at once."}},
      [](const Settings& settings, const Node& node, config::Diagnostics& diagnostics) {
        if (settings.heartbeat < settings.lease) return;
        const Node lease = node.find("lease");
        diagnostics.error(lease ? lease : node.find("heartbeat"),
                          "the lease must be longer than the heartbeat, or every instance goes");
      }};
  return table;
}

}  // namespace woad::control
