#include "proxy/control/plane/pages.h"

#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/base/rfc3339.h"
#include "proxy/control/plane/tally.h"

namespace woad::control {
namespace {

using Json = nlohmann::ordered_json;
using Kind = ServiceFiles::Kind;
using Life = Registry::Entry::Life;

Json time_or_null(WallTime time) {
  return time == WallTime() ? Json(nullptr) : Json(rfc3339(time));
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json protection(const Plane& plane) {
  const Registry& registry = plane.view().registry();
  const auto since = registry.protected_since();
  return {{"on", since.has_value()},
          {"since", since ? Json(rfc3339(*since)) : Json(nullptr)},
          {"missing", registry.missing()}};
}

Json version_of(const Plane& plane, const std::string& service, Kind kind) {
  const FilePtr file = plane.files().file(service, kind);
  return file == nullptr ? Json(nullptr) : Json(file->version);
}

Json step_of(const Plane& plane, const Rollout& rollout) {
  const auto& plan = plane.settings().rollout;
  const size_t steps = plan ? plan->steps.size() : 1;
  const bool over = rollout.candidate == nullptr;
  return {{"state", to_string(rollout.state)},
          {"step", over ? steps : rollout.step + 1},
          {"steps", steps}};
}

std::string_view word_of(Life life) {
  switch (life) {
    case Life::kAlive: return "alive";
    case Life::kMissing: return "missing";
    case Life::kGone: break;
    case Life::kReplaced: return "replaced";
  }
  return "";
}

Json rollout_json(const Plane& plane, const std::string& service) {
  const ServiceRecords& records = plane.view().records(service);
  const Rollout& rollout = records.rollout;
  Json json = {{"service", service}};
  json.update(step_of(plane, rollout));
  json["since"] = time_or_null(rollout.since);
  json["version"] = version_of(plane, service, Kind::kAccepted);
  json["candidate"] = version_of(plane, service, Kind::kCandidate);
  json["error"] = text_or_null(rollout.error);
  json["chosen"] = Json::array();
  for (const std::string& name : plane.chosen_of(service)) json["chosen"].push_back(name);
  json["members"] = Json::array();
  for (const auto& [name, member] : records.members) {
    json["members"].push_back({{"instance", name},
                               {"result", text_or_null(std::string(to_string(member.outcome)))},
                               {"version", text_or_null(member.version)},
                               {"sha256", text_or_null(member.sha256)},
                               {"error", text_or_null(member.error)},
                               {"told", time_or_null(member.told)},
                               {"polled", time_or_null(member.polled)}});
  }
  return json;
}

Json problem_json(const Problem& problem) {
  return {{"document", problem.document},       {"line", problem.at.line},
          {"column", problem.at.column},        {"service", text_or_null(problem.service)},
          {"path", text_or_null(problem.path)}, {"message", problem.message}};
}

}  // namespace

std::string services_page(const Plane& plane) {
  Json json = {{"protection", protection(plane)}, {"services", Json::array()}};
  for (const auto& [name, tally] : tally_services(plane)) {
    json["services"].push_back({{"name", name},
                                {"version", version_of(plane, name, Kind::kAccepted)},
                                {"candidate", version_of(plane, name, Kind::kCandidate)},
                                {"rollout", step_of(plane, plane.view().records(name).rollout)},
                                {"instances", tally.instances},
                                {"missing", tally.missing},
                                {"members", tally.members},
                                {"applied", tally.applied},
                                {"rejected", tally.rejected},
                                {"problems", tally.problems}});
  }
  return json_page(json);
}

std::string instances_page(const Plane& plane, const std::string& service) {
  Json json = {{"service", service}, {"instances", Json::array()}};
  const auto& records = plane.view().registry().records();
  for (auto at = records.lower_bound({service, {}}); at != records.end(); ++at) {
    const auto& [key, entry] = *at;
    if (key.service != service) break;
    if (entry.life == Registry::Entry::Life::kGone) continue;
    const InstanceRecord& record = entry.record;
    json["instances"].push_back(
        {{"instance", key.instance},
         {"address", record.instance.address},
         {"labels", Json(record.instance.labels)},
         {"weight", record.instance.weight},
         {"state", word_of(entry.life)},
         {"registered", time_or_null(record.registered)},
         {"heartbeat", record.heartbeat ? Json(rfc3339(*record.heartbeat)) : Json(nullptr)}});
  }
  return json_page(json);
}

std::string rollouts_page(const Plane& plane) {
  Json json = {{"rollouts", Json::array()}};
  for (const auto& [name, tally] : tally_services(plane)) {
    if (plane.view().has_service(name)) json["rollouts"].push_back(rollout_json(plane, name));
  }
  return json_page(json);
}

std::string rollout_page(const Plane& plane, const std::string& service) {
  return json_page(rollout_json(plane, service));
}

std::string problems_page(const Plane& plane) {
  Json json = {{"problems", Json::array()}, {"rejections", Json::array()}};
  if (const auto& catalog = plane.catalogs().catalog()) {
    for (const Problem& problem : catalog->problems) {
      json["problems"].push_back(problem_json(problem));
    }
  }
  for (const auto& [key, why] : plane.view().unreadable()) {
    json["problems"].push_back(problem_json({key, {}, {}, {}, why}));
  }
  for (const auto& [service, records] : plane.view().services()) {
    for (const auto& [instance, member] : records.members) {
      if (member.outcome != Member::Outcome::kRejected) continue;
      json["rejections"].push_back({{"service", service},
                                    {"instance", instance},
                                    {"version", text_or_null(member.version)},
                                    {"error", member.error},
                                    {"told", time_or_null(member.told)}});
    }
  }
  return json_page(json);
}

std::string fleet_page(const Plane& plane) {
  ServiceTally sum;
  std::map<std::string_view, size_t> states;
  for (const Rollout::State state : {Rollout::State::kDone, Rollout::State::kRolling,
                                     Rollout::State::kHalted, Rollout::State::kRolledBack}) {
    states[to_string(state)] = 0;
  }
  const auto all = tally_services(plane);
  for (const auto& [name, tally] : all) {
    sum.instances += tally.instances;
    sum.members += tally.members;
    sum.applied += tally.applied;
    sum.rejected += tally.rejected;
    ++states[to_string(plane.view().records(name).rollout.state)];
  }
  const auto& catalog = plane.catalogs().catalog();
  const auto& away = plane.view().away();
  Json json = {{"ready", plane.not_ready().empty()},
               {"services", all.size()},
               {"instances", sum.instances},
               {"members", sum.members},
               {"applied", sum.applied},
               {"rejected", sum.rejected},
               {"waiting", plane.files().waiting()},
               {"problems", catalog == nullptr ? 0 : catalog->problems.size()},
               {"protection", protection(plane)},
               {"rollouts", Json::object()},
               {"store",
                {{"away_since", away ? Json(rfc3339(away->since)) : Json(nullptr)},
                 {"error", away ? Json(away->why) : Json(nullptr)}}}};
  for (const auto& [state, count] : states) json["rollouts"][std::string(state)] = count;
  return json_page(json);
}

}  // namespace woad::control
