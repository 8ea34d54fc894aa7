#include "config/changes.h"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "config/checks.h"
#include "config/pod_environment.h"
#include "config/tables.h"

namespace woad::config {

namespace {

using Weight = Document::Weight;

Weight operator+(const Weight& a, const Weight& b) {
  return {a.values + b.values, a.bytes + b.bytes};
}

// Finds services of an earlier text by their lines. Those at its ends are not offered: what they
// stand beside is no service.
class Earlier {
 public:
  explicit Earlier(const Config& config) : config_(config) {
    const auto& texts = config.service_texts;
    by_hash_.reserve(texts.size());
    for (size_t i = 1; i + 1 < texts.size(); ++i) by_hash_.emplace(texts[i].hash, i);
  }

  // Its place among the services of the earlier text, or kNone.
  size_t find(const ServiceText& service) const {
    const auto found = by_hash_.find(service.hash);
    if (found == by_hash_.end()) return kNone;
    return config_.service_texts[found->second].text == service.text ? found->second : kNone;
  }

  static constexpr size_t kNone = SIZE_MAX;

 private:
  const Config& config_;
  std::unordered_map<uint64_t, size_t> by_hash_;
};

// For each service of the text its place in the earlier one, or kNone.
std::vector<size_t> match(const SplitText& split, const Config& previous) {
  const Earlier earlier(previous);
  std::vector<size_t> places(split.services.size(), Earlier::kNone);
  for (size_t i = 1; i + 1 < places.size(); ++i) places[i] = earlier.find(split.services[i]);
  return places;
}

// The text without the services that are known.
std::string cut_out_known(const SplitText& split, const std::vector<size_t>& known) {
  std::string left(split.head);
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i] == Earlier::kNone) left += split.services[i].text;
  }
  return left += split.tail;
}

void weigh(const Config& config, std::vector<ServiceText>& texts) {
  for (size_t i = 0; i < texts.size(); ++i) {
    texts[i].weight = config.document->weight_of(config.services[i]->source);
  }
}

// Puts the known services to their places among those that were read.
void weave(const Config& previous, const std::vector<size_t>& known,
           std::vector<ServiceText> read_texts, std::vector<ServiceText> texts, Config& config) {
  weigh(config, read_texts);
  auto read = std::exchange(config.services, {});
  config.services.reserve(known.size());
  size_t next = 0;
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i] == Earlier::kNone) {
      texts[i].weight = read_texts[next].weight;
      config.services.push_back(std::move(read[next++]));
    } else {
      texts[i].weight = previous.service_texts[known[i]].weight;
      config.services.push_back(previous.services[known[i]]);
    }
  }
  config.service_texts = std::move(texts);
  config.has_older_services = true;
}

// What only the services together can break.
bool fit_together(const Config& config, const Weight& read, const std::vector<size_t>& known) {
  std::unordered_set<std::string_view> names;
  for (const auto& service : config.services) {
    if (!names.insert(service->name).second) return false;
  }
  Weight sum = read;
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i] != Earlier::kNone) sum = sum + config.service_texts[i].weight;
  }
  return sum.values <= Document::kMaxNodes && sum.bytes <= Document::kMaxTextBytes;
}

}  // namespace

std::shared_ptr<Config> decode(std::string_view yaml, const Environment& environment,
                               Diagnostics& diagnostics) {
  auto document = Document::parse(yaml, environment, diagnostics);
  if (document == nullptr) return nullptr;
  auto config = std::make_shared<Config>();
  config->document = std::move(document);
  config->elsewhere = environment.variables == Environment::Variables::kElsewhere;
  // With a service from the environment nothing has to be written.
  config_table().decode(config->document->root(), *config, diagnostics,
                        !names_service(environment));
  complete_from(environment, *config, diagnostics);
  return config;
}

void note_services(std::string_view yaml, Config& config) {
  auto split = split_services(yaml);
  if (!split || !confirms(*config.document, *split)) return;
  weigh(config, split->services);
  config.service_texts = std::move(split->services);
}

std::shared_ptr<Config> read_changes(std::string_view yaml, const std::string& file_name,
                                     const Environment& environment, const Config& previous) {
  auto split = split_services(yaml);
  if (!split || previous.service_texts.empty()) return nullptr;
  const std::vector<size_t> known = match(*split, previous);
  const std::string left = cut_out_known(*split, known);
  if (left.size() == yaml.size()) return nullptr;
  Diagnostics diagnostics(file_name);
  auto config = decode(left, environment, diagnostics);
  if (config == nullptr || !diagnostics.ok()) return nullptr;
  auto left_split = split_services(left);
  if (!left_split || !confirms(*config->document, *left_split)) return nullptr;
  // A service of old says nothing about these, and was checked with them.
  if (config->tls.has_value() != previous.tls.has_value()) return nullptr;
  if (config->node.labels != previous.node.labels) return nullptr;
  weave(previous, known, std::move(left_split->services), std::move(split->services), *config);
  if (!fit_together(*config, config->document->weight(), known)) return nullptr;
  check_references(*config, diagnostics);
  return diagnostics.ok() ? config : nullptr;
}

}  // namespace woad::config
