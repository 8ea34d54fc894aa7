#include "proxy/control/store/kubernetes/state_queue.h"

#include <iterator>
#include <utility>

#include "proxy/base/json.h"
#include "proxy/base/json_reading.h"
#include "proxy/control/store/kubernetes/watch.h"

namespace woad::control::kubernetes {
namespace {

using If = StoreWrite::If;

// Answers hold the object, of which nothing is needed.
constexpr size_t kMostAnswer = size_t{16} << 20;
// Between PATCH and POST, while others create and remove the object.
constexpr int kMostTries = 4;

}  // namespace

StateWriter::Queue::Queue(Scheduler& scheduler, HttpAsker& asker, std::string space,
                          const StatePlace& place)
    : asker_(asker),
      space_(std::move(space)),
      object_(state_object(place, space_)),
      folder_("/api/v1/namespaces/" + space_ + "/configmaps"),
      gathered_(scheduler.timers(), bind_timer<&Queue::begin>(this)) {}

void StateWriter::Queue::add(Waiting waiting) {
  const bool gathers = waiting.place.kind == "status" && waiting.write.condition == If::kAlways;
  waiting_.push_back(std::move(waiting));
  if (!flying_.empty() || gathered_.armed()) return;
  gathered_.arm(gathers ? kGather : Duration());
}

// All that stands first and has no condition goes together; what has one goes alone.
void StateWriter::Queue::gather() {
  do {
    flying_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  } while (!alone() && !waiting_.empty() && waiting_.front().write.condition == If::kAlways);
}

void StateWriter::Queue::begin() {
  if (!flying_.empty() || waiting_.empty()) return;
  gather();
  tries_ = 0;
  const Waiting& first = flying_.front();
  const std::string path = folder_ + "/" + json::text(object_, "metadata", "name");
  const bool removes = first.place.kind == "rollout" && !flying_.back().write.value;
  const std::string version = std::to_string(first.write.revision);
  if (first.write.condition == If::kAbsent) return create();
  const bool dated = first.write.condition == If::kRevision;
  if (removes) {
    Json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
    if (dated) body["preconditions"] = {{"resourceVersion", version}};
    return send("DELETE", path, body);
  }
  Json body = {{"data", data()}};
  if (dated) body["metadata"] = {{"resourceVersion", version}};
  send("PATCH", path, body);
}

Json StateWriter::Queue::data() const {
  Json data = Json::object();
  for (const Waiting& each : flying_) {
    data[each.place.data_key] = each.write.value ? Json(*each.write.value) : Json();
  }
  return data;
}

void StateWriter::Queue::create() {
  Json object = object_;
  Json& values = object["data"] = data();
  for (auto each = values.begin(); each != values.end();) {
    each = each->is_null() ? values.erase(each) : std::next(each);
  }
  if (values.empty()) return tell(StoreOutcome::kDone, "");
  send("POST", folder_, object);
}

void StateWriter::Queue::send(const char* method, const std::string& path, const Json& body) {
  ++tries_;
  creating_ = std::string_view(method) == "POST";
  const bool patch = std::string_view(method) == "PATCH";
  call_ = asker_.ask(
      {.method = method,
       .target = path + (creating_ || patch ? "?fieldManager=woad-control" : ""),
       .headers = {{"accept", "application/json"},
                   {"content-type", patch ? "application/merge-patch+json" : "application/json"}},
       .body = json_line(body)},
      kMostAnswer, [this](const HttpAnswer& answer) { on_answer(answer); });
}

void StateWriter::Queue::on_answer(const HttpAnswer& answer) {
  call_.reset();
  if (answer.status >= 200 && answer.status < 300) return tell(StoreOutcome::kDone, "");
  const bool missing = answer.status == 404;
  const bool taken = answer.status == 409;
  if (alone() && (missing || taken)) return tell(StoreOutcome::kConflict, "");
  const bool deletes = flying_.front().place.kind == "rollout" && !flying_.back().write.value;
  if (missing && deletes) return tell(StoreOutcome::kDone, "");
  if (missing && !creating_ && tries_ < kMostTries) return create();
  if (taken && tries_ < kMostTries) {
    const std::string name = json::text(object_, "metadata", "name");
    return send("PATCH", folder_ + "/" + name, {{"data", data()}});
  }
  tell(StoreOutcome::kFailed,
       answer.why.empty() ? words_of_refusal(answer.status, answer.body) : answer.why);
}

void StateWriter::Queue::tell(StoreOutcome outcome, const std::string& why) {
  const std::vector<Waiting> over = std::exchange(flying_, {});
  if (!waiting_.empty()) {
    const bool gathers = waiting_.front().place.kind == "status";
    gathered_.arm(gathers ? kGather : Duration());
  }
  for (const Waiting& each : over) {
    if (each.done) each.done(outcome, why);
  }
}

}  // namespace woad::control::kubernetes
