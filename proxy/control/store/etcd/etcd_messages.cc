#include "proxy/control/store/etcd/etcd_messages.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/base/base64.h"
#include "proxy/base/json.h"
#include "proxy/base/json_reading.h"
#include "proxy/base/strings.h"
#include "proxy/control/store/keys.h"

namespace woad::control {
namespace {

using Json = nlohmann::json;

// Values of a mebibyte and a half each (etcd's limit of a request) make a page of 200 MB.
constexpr int kPageKeys = 100;

// 0 when there is none, and for what is no number.
uint64_t number(const Json& object, const char* name) {
  const Json& value = json::at(object, name);
  if (value.is_number_unsigned()) return value.get<uint64_t>();
  if (!value.is_string()) return 0;
  return parse_decimal(value.get_ref<const std::string&>()).value_or(0);
}

std::optional<std::string> bytes(const Json& object, const char* name) {
  const Json& value = json::at(object, name);
  if (value.is_null()) return "";
  if (!value.is_string()) return std::nullopt;
  return from_base64(value.get_ref<const std::string&>());
}

EtcdPoint point(const Json& message) {
  const Json& header = json::at(message, "header");
  return {number(header, "cluster_id"), number(header, "revision")};
}

bool is_utf8(std::string_view rest) {
  while (!rest.empty()) {
    const size_t length = utf8_length(rest);
    if (length == 0) return false;
    rest.remove_prefix(length);
  }
  return true;
}

Error strange() { return Error{"the answer is none of etcd"}; }

// The key without the prefix. Nothing: that is none.
std::optional<std::string> key_of(const Json& pair) {
  std::optional<std::string> key = bytes(pair, "key");
  if (!key || !key->starts_with(kEtcdPrefix)) return std::nullopt;
  return key->substr(kEtcdPrefix.size());
}

std::optional<StoreEntry> entry_of(const Json& pair, const std::string& key) {
  std::optional<std::string> value = bytes(pair, "value");
  if (!value) return std::nullopt;
  StoreEntry entry{.value = {}, .revision = number(pair, "mod_revision"), .origin = key};
  if (value->size() > kMaxDocument && !is_record(key)) {
    entry.error = "is larger than " + std::to_string(kMaxDocument >> 20) + " MiB";
  } else {
    entry.value = std::move(*value);
  }
  return entry;
}

std::string encoded(std::string_view key) { return base64(std::string(kEtcdPrefix).append(key)); }

// The first key behind all that have the prefix.
std::string range_end() {
  std::string end(kEtcdPrefix);
  ++end.back();
  return base64(end);
}

Json operation(const StoreWrite& write, std::string_view lease) {
  if (!write.value) return {{"request_delete_range", {{"key", encoded(write.key)}}}};
  Json put{{"key", encoded(write.key)}, {"value", base64(*write.value)}};
  if (write.key.starts_with(kInstances)) put["lease"] = lease;
  return {{"request_put", std::move(put)}};
}

// A condition of its own has a transaction of its own, inside.
Json conditional(const StoreWrite& write, std::string_view lease) {
  Json inner = operation(write, lease);
  if (write.condition == StoreWrite::If::kAlways) return inner;
  Json compare{{"key", encoded(write.key)}, {"result", "EQUAL"}};
  if (write.condition == StoreWrite::If::kAbsent) {
    compare["target"] = "VERSION";
    compare["version"] = "0";
  } else {
    compare["target"] = "MOD";
    compare["mod_revision"] = std::to_string(write.revision);
  }
  return {{"request_txn",
           {{"compare", Json::array({std::move(compare)})},
            {"success", Json::array({std::move(inner)})}}}};
}

}  // namespace

HttpRequest etcd_request(std::string target, std::string body, Duration timeout) {
  return {.method = "POST",
          .target = std::move(target),
          .headers = {{"content-type", "application/json"}},
          .body = std::move(body),
          .timeout = timeout};
}

std::string range_request(std::string_view after, uint64_t revision) {
  std::string first(kEtcdPrefix);
  if (!after.empty()) first.append(after).push_back('\0');
  Json request{{"key", base64(first)}, {"range_end", range_end()}, {"limit", kPageKeys}};
  if (revision > 0) request["revision"] = std::to_string(revision);
  return json_line(request);
}

Result<EtcdPage> parse_page(std::string_view body) {
  const Json message = parse_json(body);
  EtcdPage page{.at = point(message), .entries = {}, .last = {}};
  const Json& pairs = json::at(message, "kvs");
  if (page.at.revision == 0 || !(pairs.is_null() || pairs.is_array())) return strange();
  for (const Json& pair : pairs) {
    std::optional<std::string> key = key_of(pair);
    std::optional<StoreEntry> entry = key ? entry_of(pair, *key) : std::nullopt;
    if (!entry) return strange();
    page.last = std::max(page.last, *key);
    if (is_utf8(*key)) page.entries[*key] = std::move(*entry);
  }
  page.more = json::is_true(message, "more");
  if (page.more && page.last.empty()) return strange();
  return page;
}

std::string probe_request() {
  return json_line(Json{{"key", encoded(kMesh)}, {"count_only", true}});
}

std::string watch_request(uint64_t revision) {
  return json_line(Json{{"create_request",
                         {{"key", base64(kEtcdPrefix)},
                          {"range_end", range_end()},
                          {"start_revision", std::to_string(revision)},
                          {"progress_notify", true},
                          {"fragment", true}}}});
}

Result<EtcdNews> parse_news(std::string_view line) {
  const Json message = parse_json(line);
  if (const Json& error = json::at(message, "error"); !error.is_null()) {
    const std::string why = json::text(error, "message");
    return Error{why.empty() ? "the watch was ended" : why};
  }
  const Json& result = json::at(message, "result");
  if (!result.is_object()) return strange();
  EtcdNews news{.at = point(result), .events = {}};
  news.compacted = number(result, "compact_revision") > 0;
  if (!news.compacted && json::is_true(result, "canceled")) {
    const std::string why = json::text(result, "cancel_reason");
    return Error{why.empty() ? "the watch was ended" : why};
  }
  if (news.at.revision == 0 && !news.compacted) return strange();
  news.created = json::is_true(result, "created");
  news.fragment = json::is_true(result, "fragment");
  const Json& events = json::at(result, "events");
  if (!(events.is_null() || events.is_array())) return strange();
  for (const Json& each : events) {
    const Json& pair = json::at(each, "kv");
    std::optional<std::string> key = key_of(pair);
    if (!key) return strange();
    EtcdEvent event{.key = std::move(*key), .entry = {}, .revision = number(pair, "mod_revision")};
    if (json::text(each, "type") != "DELETE") {
      event.entry = entry_of(pair, event.key);
      if (!event.entry) return strange();
    }
    if (is_utf8(event.key)) news.events.push_back(std::move(event));
  }
  return news;
}

std::string grant_request(Duration ttl) {
  const auto whole = std::chrono::ceil<seconds>(ttl).count();
  return json_line(Json{{"TTL", std::to_string(whole)}});
}

Result<std::string> parse_grant(std::string_view body) {
  const uint64_t id = number(parse_json(body), "ID");
  if (id == 0) return strange();
  return std::to_string(id);
}

std::string write_request(const std::vector<StoreWrite>& writes, std::string_view lease) {
  Json all = Json::array();
  for (const StoreWrite& each : writes) all.push_back(conditional(each, lease));
  return json_line(Json{{"compare", Json::array()}, {"success", std::move(all)}});
}

Result<std::vector<StoreOutcome>> parse_written(std::string_view body,
                                                const std::vector<StoreWrite>& writes) {
  const Json message = parse_json(body);
  const Json& answers = json::at(message, "responses");
  if (!answers.is_array() || answers.size() != writes.size()) return strange();
  std::vector<StoreOutcome> outcomes;
  for (size_t i = 0; i < writes.size(); ++i) {
    const bool always = writes[i].condition == StoreWrite::If::kAlways;
    const bool done = always || json::is_true(answers[i], "response_txn", "succeeded");
    outcomes.push_back(done ? StoreOutcome::kDone : StoreOutcome::kConflict);
  }
  return outcomes;
}

std::string refusal(int status, std::string_view body, const std::string& server) {
  const Json message = parse_json(body);
  std::string why = json::text(message, "error");
  if (why.empty()) why = json::text(message, "message");
  if (why.empty()) why = "status " + std::to_string(status);
  return server + ": " + why;
}

std::string failure_of(const HttpAnswer& answer, const std::string& server) {
  if (answer.status == 0) return answer.why;
  return answer.status == 200 ? "" : refusal(answer.status, answer.body, server);
}

// Words of etcd, api/v3rpc/rpctypes/error.go.
bool says_no_lease(std::string_view failure) {
  return failure.find("requested lease not found") != failure.npos;
}

}  // namespace woad::control
