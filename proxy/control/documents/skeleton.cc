#include "proxy/control/documents/skeleton.h"

#include <set>
#include <utility>

#include "proxy/control/documents/words.h"
#include "proxy/net/tls/digest.h"

namespace woad::control {
namespace {

constexpr size_t kVersionDigits = 12;

// Texts of others are never taken for variables: $${ is a plain ${.
std::string without_variables(std::string text) {
  for (size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at + 3)) {
    text.insert(at, "$");
  }
  return text;
}

std::string own_text(const std::string& text) { return in_quotes(without_variables(text)); }

void append_instance(std::string& out, const Instance& instance) {
  out += "      - { address: " + own_text(instance.address);
  if (instance.weight != Instance().weight) out += ", weight: " + std::to_string(instance.weight);
  if (!instance.labels.empty()) {
    out += ", labels: {";
    const char* comma = " ";
    for (const auto& [key, value] : instance.labels) {
      out += comma + in_quotes(key) + ": " + own_text(value);
      comma = ", ";
    }
    out += " }";
  }
  out += " }\n";
}

void append_endpoints(std::string& out, const Block& block, const Instances* instances) {
  std::set<std::string_view> registered;
  if (instances != nullptr && !block.endpoints().empty()) {
    for (const auto& [name, instance] : *instances) registered.insert(instance.address);
  }
  std::string items;
  for (const Block::Endpoint& endpoint : block.endpoints()) {
    if (!registered.contains(endpoint.address)) items += endpoint.text;
  }
  if (instances != nullptr) {
    for (const auto& [name, instance] : *instances) append_instance(items, instance);
  }
  out += items.empty() ? "    endpoints: []\n" : "    endpoints:\n" + items;
}

}  // namespace

Block::Block(std::string text, std::vector<Endpoint> endpoints)
    : text_(std::move(text)), endpoints_(std::move(endpoints)) {
  std::string all = text_;
  for (const Endpoint& endpoint : endpoints_) {
    all += '\0' + endpoint.address + '\0' + endpoint.text;
  }
  digest_ = sha256(all);
}

Skeleton::Skeleton(std::string head, std::vector<Used> uses)
    : head_(std::move(head)), uses_(std::move(uses)) {
  std::string all = head_;
  for (const Used& used : uses_) all += '\0' + used.name + '\0' + used.block->digest();
  id_ = sha256_hex(all);
}

std::string Skeleton::render(const AllInstances& instances) const {
  std::string file = head_;
  if (!uses_.empty()) file += "services:\n";
  for (const Used& used : uses_) {
    const auto found = instances.find(used.name);
    file += used.block->text();
    append_endpoints(file, *used.block, found == instances.end() ? nullptr : &found->second);
  }
  return "version: " + in_quotes(sha256_hex(file).substr(0, kVersionDigits)) + "\n" + file;
}

}  // namespace woad::control
