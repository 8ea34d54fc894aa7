#include "proxy/control/store/kubernetes/watch.h"

#include <algorithm>
#include <utility>

#include "proxy/base/backoff.h"
#include "proxy/base/json.h"
#include "proxy/base/json_reading.h"
#include "proxy/base/strings.h"

namespace woad::control::kubernetes {
namespace {

constexpr Duration kFirstWait = milliseconds(500);
constexpr Duration kLongestWait = seconds(10);
// A stream that held for so long was one: its end is no failure.
constexpr Duration kHeld = seconds(1);
constexpr size_t kMostRefusal = 64 * 1024;
constexpr int kGone = 410;

std::string accept_of(const WatchedKind& kind, const char* shape) {
  if (!kind.metadata_alone) return "application/json";
  return std::string("application/json;as=") + shape + ";g=meta.k8s.io;v=v1,application/json";
}

}  // namespace

std::string words_of_refusal(int status, const std::string& body) {
  const Json json = parse_json(body);
  const std::string message = json::text(json, "message");
  return std::to_string(status) + (message.empty() ? "" : ": " + message);
}

Watch::Watch(Scheduler& scheduler, HttpAsker& asker, Random& random, WatchedKind kind,
             ObjectSink& sink, WatchOwner& owner)
    : scheduler_(scheduler),
      asker_(asker),
      random_(random),
      kind_(std::move(kind)),
      sink_(sink),
      owner_(owner),
      timer_(scheduler.timers(), bind_timer<&Watch::go_on>(this)) {}

std::string Watch::query() const {
  return kind_.selector.empty() ? "" : "&labelSelector=" + percent_encoded(kind_.selector);
}

void Watch::list() {
  stage_ = Stage::kListing;
  page_.clear();
  sink_.on_list();
  ask_page();
}

void Watch::ask_page() {
  std::string target = kind_.path + "?limit=" + std::to_string(kind_.page) + query();
  if (!page_.empty()) target += "&continue=" + percent_encoded(page_);
  call_ = asker_.ask({.target = std::move(target),
                      .headers = {{"accept", accept_of(kind_, "PartialObjectMetadataList")}},
                      .timeout = seconds(60)},
                     kMostPage, [this](const HttpAnswer& answer) { on_page(answer); });
}

void Watch::on_page(const HttpAnswer& answer) {
  call_.reset();
  if (!answer.why.empty()) return lose(Stage::kListing, answer.why);
  if (answer.status == kGone) return later(Stage::kListing);  // the pages to come are too old
  if (answer.status != 200) {
    return fail(Stage::kListing, words_of_refusal(answer.status, answer.body));
  }
  if (!read_page(answer.body)) return fail(Stage::kListing, "the answer is no list of objects");
  if (!page_.empty()) return ask_page();
  listed_ = true;
  sink_.on_listed();
  owner_.on_moved();
  watch();
}

bool Watch::read_page(const std::string& body) {
  const Json list = parse_json(body);
  const Json& metadata = json::at(list, "metadata");
  const auto version = parse_decimal(json::text(metadata, "resourceVersion"));
  if (!json::at(list, "items").is_array() && !json::at(list, "items").is_null()) return false;
  if (!version) return false;
  for (const Json& object : json::items(list, "items")) {
    const auto meta = read_meta(object);
    if (!meta) return false;
    sink_.on_object(*meta, object);
  }
  version_ = *version;
  page_ = json::text(metadata, "continue");
  return true;
}

void Watch::watch() {
  stage_ = Stage::kWatching;
  status_ = 0;
  lines_.clear();
  refusal_.clear();
  began_ = scheduler_.now();
  const auto life = seconds(
      static_cast<int64_t>(static_cast<double>(kStream / seconds(1)) * (1 + random_.unit() / 2)));
  call_ = asker_.stream(
      {.target = kind_.path + "?watch=true&allowWatchBookmarks=true&resourceVersion=" +
                 std::to_string(version_) + "&timeoutSeconds=" + std::to_string(life / seconds(1)) +
                 query(),
       .headers = {{"accept", accept_of(kind_, "PartialObjectMetadata")}},
       .timeout = life + kGrace},
      *this);
}

void Watch::go_on() {
  if (stage_ == Stage::kListing) return list();
  watch();
}

void Watch::later(Stage stage) {
  call_.reset();
  stage_ = stage;
  timer_.arm(backoff(random_, kFirstWait, kLongestWait, failures_++));
}

void Watch::fail(Stage stage, const std::string& why) {
  owner_.on_trouble(*this, kind_.path + ": " + why);
  later(stage);
}

void Watch::lose(Stage stage, const std::string& why) {
  owner_.on_trouble(*this, why);
  later(stage);
}

void Watch::on_head(const ResponseHead& head) {
  status_ = head.status;
  if (status_ == 200) owner_.on_trouble(*this, "");
}

void Watch::on_body(std::string_view piece) {
  if (status_ != 200) {
    refusal_ += piece.substr(0, kMostRefusal - std::min(kMostRefusal, refusal_.size()));
  } else if (!lines_.read(piece, [this](std::string_view line) { return on_line(line); })) {
    fail(Stage::kListing, "an object is longer than 16 MiB");
  }
}

bool Watch::on_line(std::string_view line) {
  if (trim(line).empty()) return true;
  const Json event = parse_json(line);
  if (!event.is_object()) {
    fail(Stage::kListing, "the watch says what is no event");
    return false;
  }
  return on_event(event);
}

bool Watch::on_event(const Json& event) {
  const std::string type = json::text(event, "type");
  const Json& object = json::at(event, "object");
  if (type == "ERROR") {
    const Json& code = json::at(object, "code");
    if (code == kGone) {
      later(Stage::kListing);
    } else {
      fail(Stage::kListing, "the watch failed: " + json::text(object, "message"));
    }
    return false;
  }
  const auto version = parse_decimal(json::text(object, "metadata", "resourceVersion"));
  const auto meta = read_meta(object);
  const bool bookmark = type == "BOOKMARK";
  const bool known = bookmark || type == "ADDED" || type == "MODIFIED" || type == "DELETED";
  if (!known || !version || (!bookmark && !meta)) {
    fail(Stage::kListing, "the watch says an event that is not known: " + type);
    return false;
  }
  failures_ = 0;
  version_ = *version;
  if (bookmark) return true;
  if (type == "DELETED") {
    sink_.on_deleted(*meta);
  } else {
    sink_.on_object(*meta, object);
  }
  owner_.on_moved();
  return true;
}

void Watch::on_end() {
  if (status_ == kGone) return later(Stage::kListing);
  if (status_ != 200) return fail(Stage::kWatching, words_of_refusal(status_, refusal_));
  const bool held = scheduler_.now() - began_ >= kHeld;
  if (!held) return later(Stage::kWatching);
  failures_ = 0;
  call_.reset();
  watch();
}

// A stream that was there and broke is a server that restarts, or a connection that somebody
// between has cut: whether there is trouble shows when it is called again.
void Watch::on_failed(std::string why) {
  if (status_ != 200) return lose(Stage::kWatching, why);
  if (scheduler_.now() - began_ >= kHeld) failures_ = 0;
  later(Stage::kWatching);
}

}  // namespace woad::control::kubernetes
