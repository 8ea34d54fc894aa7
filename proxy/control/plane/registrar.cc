#include "proxy/control/plane/registrar.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "config/tables.h"
#include "config/values.h"
#include "proxy/base/json.h"
#include "proxy/base/strings.h"
#include "proxy/net/address.h"

namespace woad::control {
namespace {

using Json = nlohmann::json;

constexpr uint32_t kMostWeight = 65535;
constexpr size_t kMostLabels = 64;
constexpr size_t kLongestLabel = 253;

bool is_text(std::string_view text) {
  const auto odd = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  return !text.empty() && text.size() <= kLongestLabel &&
         std::none_of(text.begin(), text.end(), odd);
}

// Files have variables; what one instance says of itself is to be the same everywhere.
bool has_variable(std::string_view text) { return text.find("${") != std::string_view::npos; }

Result<void> read_label(const std::string& key, const Json& value, Instance& instance) {
  if (!value.is_string()) return Error{"label " + config::in_quotes(key) + " must be a text"};
  const auto& text = value.get_ref<const std::string&>();
  if (!is_text(key) || !is_text(text) || has_variable(key) || has_variable(text)) {
    return Error{"label " + config::in_quotes(key) +
                 " must be 1 to 253 characters, none of them a control character, without ${"};
  }
  const config::LabelFault fault = config::fault_of_label(key, text);
  if (!fault.message.empty()) return Error{"label " + config::in_quotes(key) + " " + fault.message};
  instance.labels[key] = text;
  return {};
}

Result<void> read_labels(const Json& labels, Instance& instance) {
  if (!labels.is_object()) return Error{"labels must be an object of texts"};
  if (labels.size() > kMostLabels) return Error{"there are more than 64 labels"};
  for (const auto& [key, value] : labels.items()) {
    Result<void> read = read_label(key, value, instance);
    if (!read) return read;
  }
  return {};
}

// Who holds an address is found by its text: RFC 5952 for IPv6, IPv4 for what is mapped into it
// (RFC 4291, section 2.5.5.2), names without case.
std::string one_spelling(const config::HostPort& written) {
  const auto address = Address::from_host(written.host, written.port);
  if (!address) return lower(written.host);
  constexpr std::string_view kMapped = "::ffff:";
  const std::string host = address->host();
  const std::string inner = host.starts_with(kMapped) ? host.substr(kMapped.size()) : "";
  return inner.find('.') == std::string::npos ? host : inner;
}

Result<void> read_address(const Json& address, Instance& instance) {
  if (!address.is_string()) return Error{"address must be a text such as \"10.0.0.1:8080\""};
  auto parsed = config::parse_host_port(address.get_ref<const std::string&>());
  if (!parsed) return Error{"address " + parsed.error().message};
  if (const auto numeric = Address::from_host(parsed->host, parsed->port);
      numeric && numeric->is_any()) {
    return Error{"address " + config::in_quotes(parsed->to_string()) +
                 " is every address of a host; say the one that others reach it by"};
  }
  parsed->host = one_spelling(*parsed);
  instance.address = parsed->to_string();
  return {};
}

}  // namespace

Result<Instance> read_registration(std::string_view json) {
  const Json body = parse_json(json);
  if (!body.is_object()) {
    return Error{"the body must be JSON such as {\"address\": \"10.0.0.1:8080\"}"};
  }
  Instance instance;
  Result<void> read = read_address(body.value("address", Json()), instance);
  for (const auto& [key, value] : body.items()) {
    if (!read) break;
    if (key == "labels" && !value.is_null()) read = read_labels(value, instance);
    if (key != "weight" || value.is_null()) continue;
    if (!value.is_number_unsigned() || value.get<uint64_t>() > kMostWeight) {
      read = Error{"weight must be an integer from 0 to 65535"};
    } else {
      instance.weight = value.get<uint32_t>();
    }
  }
  if (!read) return read.error();
  return instance;
}

void Registrar::put(const Registry::Key& key, Instance instance, Done done) {
  const WallTime now = scheduler_.wall();
  const Registry& registry = view_.registry();
  if (const Registry::Key* const holder = registry.holder(instance.address, key.service)) {
    return done(Outcome::kHeld, instance.address + " is the address of " + holder->instance +
                                    " of " + holder->service);
  }
  const Registry::Entry* const known = registry.find(key);
  const bool same_address = known != nullptr && known->record.instance.address == instance.address;
  InstanceRecord record{.instance = std::move(instance),
                        .registered = same_address ? known->record.registered : now,
                        .heartbeat = now};
  if (known != nullptr && known->record.instance == record.instance && known->counts()) {
    return beat(key, record, done);
  }
  if (known == nullptr && registry.count(key.service) >= Registry::kMostOfService) {
    return done(Outcome::kFull, key.service + " has 10000 instances already");
  }
  write(key, record, std::move(done));
}

// A store that is slow or away keeps nobody from being alive: it hears of it, and nobody waits.
void Registrar::beat(const Registry::Key& key, const InstanceRecord& record, const Done& done) {
  view_.registry().touch(key, *record.heartbeat);
  if (store_.shared() && !view_.away()) {
    store_.write({.key = instance_key(key), .value = to_text(record)}, {});
  }
  done(Outcome::kDone, {});
}

void Registrar::write(const Registry::Key& key, const InstanceRecord& record, Done done) {
  store_.write({.key = instance_key(key), .value = to_text(record)},
               [done = std::move(done)](StoreOutcome outcome, const std::string& why) {
                 const bool good = outcome == StoreOutcome::kDone;
                 done(good ? Outcome::kDone : Outcome::kFailed, why);
               });
}

void Registrar::remove(const Registry::Key& key, Done done) {
  store_.write({.key = instance_key(key), .value = std::nullopt},
               [done = std::move(done)](StoreOutcome outcome, const std::string& why) {
                 const bool failed = outcome == StoreOutcome::kFailed;
                 done(failed ? Outcome::kFailed : Outcome::kDone, why);
               });
}

void Registrar::sweep() {
  for (const auto& [key, revision] : view_.registry().expired()) {
    store_.write({.key = instance_key(key),
                  .value = std::nullopt,
                  .condition = StoreWrite::If::kRevision,
                  .revision = revision},
                 {});
  }
}

}  // namespace woad::control
