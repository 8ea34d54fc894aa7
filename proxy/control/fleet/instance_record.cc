#include "proxy/control/fleet/instance_record.h"

#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/control/fleet/words.h"

namespace woad::control {

using Json = nlohmann::json;

std::string to_text(const InstanceRecord& record) {
  Json json = {{"address", record.instance.address},
               {"labels", record.instance.labels},
               {"weight", record.instance.weight},
               {"registered", to_millis(record.registered)}};
  if (record.heartbeat) json["heartbeat"] = to_millis(*record.heartbeat);
  return json_line(json);
}

Result<InstanceRecord> parse_instance_record(std::string_view text) {
  const Json json = parse_json(text);
  if (!json.is_object()) return Error{"is no JSON object"};
  const auto address = json.find("address");
  if (address == json.end() || !address->is_string()) return Error{"has no address"};
  InstanceRecord record;
  record.instance.address = *address;
  const Json labels = json.value("labels", Json::object());
  for (const auto& [name, value] : labels.items()) {
    if (!value.is_string()) return Error{"has a label that is no text: " + name};
    record.instance.labels[name] = value;
  }
  const Json weight = json.value("weight", Json(Instance().weight));
  if (!weight.is_number_unsigned() || weight > 1'000'000u) return Error{"has no weight from 0 on"};
  record.instance.weight = weight;
  record.registered = from_millis(json.value("registered", Json()));
  if (json.contains("heartbeat")) record.heartbeat = from_millis(json["heartbeat"]);
  return record;
}

}  // namespace woad::control
