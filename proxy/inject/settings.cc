#include "proxy/inject/settings.h"

#include <algorithm>
#include <map>

#include "proxy/base/json_reading.h"
#include "proxy/inject/quantity.h"
#include "proxy/net/tls/svid.h"
#include "proxy/yaml/read.h"

namespace woad {
namespace {

using yaml::Entry;
using yaml::Node;

bool is_null(const Node& node) {
  return node.kind == Node::Kind::kScalar && yaml::to_value(node).is_null();
}

// One map of the file: every key is asked for, what is left is unknown.
class Table {
 public:
  Table(const Node& node, std::string path, std::string_view text, config::Diagnostics& diagnostics)
      : node_(node), path_(std::move(path)), text_(text), diagnostics_(diagnostics) {
    if (!node.is_map() && !is_null(node)) fault(node.begin, path_, "must be a map", {});
  }

  void read(std::string_view key, bool& out) {
    const Node* const value = find(key);
    if (value == nullptr) return;
    const Value read = yaml::to_value(*value);
    if (!read.is_boolean()) return fault(key, "must be true or false");
    out = read.get<bool>();
  }

  // `is_good` may be empty; `what` says what it must be.
  void read(std::string_view key, std::string& out, bool (*is_good)(std::string_view) = nullptr,
            const char* what = "must be a text") {
    const Node* const value = find(key);
    if (value == nullptr) return;
    if (value->kind != Node::Kind::kScalar) return fault(key, what);
    if (is_good != nullptr && !is_good(value->text)) return fault(key, what);
    out = value->text;
  }

  template <class E>
  void read(std::string_view key, E& out, const std::map<std::string_view, E>& words) {
    const Node* const value = find(key);
    if (value == nullptr) return;
    const auto found = words.find(value->text);
    if (found != words.end()) {
      out = found->second;
      return;
    }
    std::vector<std::string_view> names;
    std::string list;
    for (const auto& [name, meaning] : words) {
      list += (names.empty() ? "" : ", ") + std::string(name);
      names.push_back(name);
    }
    const std::string hint = config::did_you_mean(value->text, names);
    fault(value->begin, path_of(key), config::in_quotes(value->text) + " is none of " + list, hint);
  }

  // nullptr: it is left out or null.
  const Node* find(std::string_view key) {
    known_.push_back(key);
    const Entry* const entry = node_.find(key);
    return entry == nullptr || is_null(entry->value) ? nullptr : &entry->value;
  }

  Table below(std::string_view key) {
    static const Node kNothing = [] {
      Node node;
      node.plain = true;
      return node;
    }();
    const Node* const value = find(key);
    return {value == nullptr ? kNothing : *value, path_of(key), text_, diagnostics_};
  }

  void ignore(std::initializer_list<std::string_view> keys) {
    known_.insert(known_.end(), keys.begin(), keys.end());
  }

  void fault(std::string_view key, const std::string& message) {
    fault(node_.find(key)->value.begin, path_of(key), message, {});
  }

  // What was not asked for.
  void finish() {
    if (!node_.is_map()) return;
    for (const Entry& entry : node_.entries) {
      if (entry.origin == Entry::Origin::kMerge ||
          std::find(known_.begin(), known_.end(), entry.key) != known_.end()) {
        continue;
      }
      fault(entry.begin, path_of(entry.key), "is no key of the chart's values",
            config::did_you_mean(entry.key, known_));
    }
  }

  std::string path_of(std::string_view key) const {
    return path_ + (path_.empty() ? "" : ".") + std::string(key);
  }
  const Node& node() const { return node_; }

 private:
  void fault(size_t at, const std::string& path, const std::string& message,
             const std::string& hint) {
    diagnostics_.error(yaml::location_of(text_, at), path, message, hint);
  }

  const Node& node_;
  std::string path_;
  std::string_view text_;
  config::Diagnostics& diagnostics_;
  std::vector<std::string_view> known_;
};

bool is_some(std::string_view text) { return !text.empty(); }
bool is_digest(std::string_view text) {
  return text.empty() || (text.starts_with("sha256:") && text.size() == 7 + 64 &&
                          text.find_first_not_of("0123456789abcdef", 7) == std::string_view::npos);
}
bool is_pull_policy(std::string_view text) {
  return text == "Always" || text == "IfNotPresent" || text == "Never";
}
bool is_issuer_kind(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\n") == std::string_view::npos;
}
bool is_url(std::string_view text) {
  if (text.empty()) return true;
  const size_t scheme = text.find("://");
  return (text.starts_with("http://") || text.starts_with("https://")) &&
         text.size() > scheme + 3 && text[scheme + 3] != '/' &&
         text.find_first_of(" \t\n") == std::string_view::npos;
}
bool is_trust_domain(std::string_view text) { return static_cast<bool>(check_trust_domain(text)); }

void read_image(Table table, InjectSettings::Image& image) {
  table.read("repository", image.repository, is_some, "must be the name of an image");
  table.read("tag", image.tag);
  table.read("digest", image.digest, is_digest, "must be sha256: and 64 hexadecimal digits");
  table.read("pullPolicy", image.pull_policy, is_pull_policy,
             "must be Always, IfNotPresent or Never");
  if (const Node* const secrets = table.find("pullSecrets")) {
    const bool good = secrets->is_list() &&
                      std::all_of(secrets->entries.begin(), secrets->entries.end(),
                                  [](const Entry& one) { return is_object_name(one.value.text); });
    if (!good) table.fault("pullSecrets", "must be a list of names of Secrets");
    for (const Entry& one : secrets->entries) image.pull_secrets.push_back(one.value.text);
  }
  table.finish();
}

void read_identity(Table table, InjectSettings::Identity& identity) {
  table.read<IdentitySource>("source", identity.source,
                             {{"none", IdentitySource::kNone},
                              {"csi-cert-manager", IdentitySource::kCertManager},
                              {"csi-spiffe", IdentitySource::kSpiffe},
                              {"secret", IdentitySource::kSecret}});
  table.read("trustDomain", identity.trust_domain, is_trust_domain,
             "must be a trust domain, such as cluster.local");
  table.read("secretName", identity.secret_name, is_object_name, "must be the name of a Secret");
  Table issuer = table.below("issuer");
  issuer.read("name", identity.issuer_name, is_object_name, "must be the name of an issuer");
  issuer.read("kind", identity.issuer_kind, is_issuer_kind, "must be Issuer or ClusterIssuer");
  issuer.read("group", identity.issuer_group, is_object_name, "must be an API group");
  issuer.finish();
  table.finish();
}

// A default limit gives way to a request that is written, as to that of a pod.
void fit_limit(Table& requests, Table& limits, const char* what, Value& resources) {
  const auto amount = [&resources, what](const char* side) -> const std::string* {
    const Value& found = json::at(resources, side, what);
    return found.get_ptr<const Value::string_t*>();
  };
  const std::string* const request = amount("requests");
  const std::string* const limit = amount("limits");
  if (request == nullptr || limit == nullptr || requests.find(what) == nullptr ||
      *parse_quantity(*request) <= *parse_quantity(*limit)) {
    return;
  }
  if (limits.find(what) == nullptr) {
    resources["limits"][what] = *request;
  } else {
    requests.fault(what, "is more than the limit, " + config::in_quotes(*limit));
  }
}

void read_resources(Table table, Value& resources) {
  for (const char* const side : {"requests", "limits"}) {
    Table amounts = table.below(side);
    for (const char* const what : {"cpu", "memory", "ephemeral-storage"}) {
      std::string amount;
      amounts.read(
          what, amount,
          [](std::string_view text) { return text.empty() || parse_quantity(text).has_value(); },
          "must be a quantity, such as 10m or 128Mi");
      if (!amount.empty()) resources[side][what] = amount;
      // A key that is there without an amount takes the default away.
      if (amount.empty() && amounts.node().find(what) != nullptr && resources.contains(side)) {
        resources[side].erase(what);
      }
    }
    amounts.finish();
  }
  Table requests = table.below("requests");
  Table limits = table.below("limits");
  for (const char* const what : {"cpu", "memory", "ephemeral-storage"}) {
    fit_limit(requests, limits, what, resources);
  }
  table.finish();
}

void read_all(Table& table, InjectSettings& settings) {
  read_image(table.below("image"), settings.image);
  table.read("redirect", settings.redirect);
  table.read("native", settings.native);
  table.read("controlPlane", settings.control_plane, is_url,
             "must be a URL, such as https://woad-control.woad-system.svc:15010");
  read_identity(table.below("identity"), settings.identity);
  read_resources(table.below("resources"), settings.resources);
  Table metrics = table.below("metrics");
  metrics.read("annotations", settings.scrape_annotations);
  Table inject = table.below("inject");
  std::string config_map;
  inject.read("configMap", config_map, is_object_name, "must be the name of a ConfigMap");
  if (!config_map.empty()) settings.config_map = config_map;
  table.ignore(
      {"replicas", "failurePolicy", "control", "nameOverride", "fullnameOverride", "global"});
  table.finish();
}

}  // namespace

std::string InjectSettings::image_reference() const {
  if (!image.digest.empty()) return image.repository + "@" + image.digest;
  return image.repository + (image.tag.empty() ? "" : ":" + image.tag);
}

std::optional<InjectSettings> parse_inject_settings(std::string_view text,
                                                    const std::string& version,
                                                    config::Diagnostics& diagnostics) {
  const auto documents = yaml::read(text, diagnostics);
  if (!documents) return std::nullopt;
  InjectSettings settings;
  if (documents->size() > 1) {
    diagnostics.error(yaml::location_of(text, (*documents)[1].begin), "", "a second document",
                      "one file holds the values of one chart");
  } else if (!documents->empty()) {
    Table table(documents->front(), "", text, diagnostics);
    read_all(table, settings);
  }
  if (!diagnostics.ok()) return std::nullopt;
  if (settings.image.tag.empty()) settings.image.tag = version;
  return settings;
}

}  // namespace woad
