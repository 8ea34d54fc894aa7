#include "proxy/control/documents/assembly.h"

#include <algorithm>
#include <utility>

namespace woad::control {
namespace {

constexpr size_t kServiceColumn = 2;
constexpr size_t kWordsColumn = 4;
constexpr size_t kItemColumn = 6;

std::string address_of(const Value& endpoint) {
  const Entry* address = endpoint.find("address");
  return address == nullptr ? std::string() : address->value.text;
}

}  // namespace

BlockLinesPtr block_of(Entry service) {
  auto lines = std::make_shared<BlockLines>();
  const Value endpoints = service.value.take("endpoints");
  lines->words = line_of_key(service, kServiceColumn);
  for (const Entry& word : service.value.entries) {
    lines->words.append(lines_of_entry(word, kWordsColumn));
  }
  std::vector<Block::Endpoint> items;
  for (const Entry& item : endpoints.entries) {
    lines->endpoints.push_back(lines_of_item(item.value, kItemColumn));
    items.push_back({address_of(item.value), lines->endpoints.back().text});
  }
  lines->block = std::make_shared<const Block>(lines->words.text, std::move(items));
  return lines;
}

SkeletonPtr Assembly::skeleton() const {
  std::vector<Skeleton::Used> used;
  used.reserve(uses.size());
  for (const Used& each : uses) used.push_back({each.name, each.lines->block});
  return std::make_shared<const Skeleton>(head.text, std::move(used));
}

Lines head_of(const Value& words) {
  Lines head;
  for (const Entry& entry : words.entries) head.append(lines_of_entry(entry, 0));
  return head;
}

// The lines that Skeleton::render() puts between are nobody's.
Places::Places(const Assembly& assembly) {
  Lines all;
  const auto skip_line = [&all] { ++all.count; };
  skip_line();
  all.append(assembly.head);
  skip_line();
  for (const Assembly::Used& used : assembly.uses) {
    all.append(used.lines->words);
    skip_line();
    for (const Lines& endpoint : used.lines->endpoints) all.append(endpoint);
  }
  spots_ = std::move(all.spots);
}

Place Places::find(config::Location at) const {
  if (at.line == 0) return {};
  const auto behind = std::upper_bound(
      spots_.begin(), spots_.end(), at, [](const config::Location& place, const Spot& spot) {
        return std::pair(place.line - 1, place.column) < std::pair(spot.line, spot.column);
      });
  return behind == spots_.begin() ? Place() : std::prev(behind)->place;
}

}  // namespace woad::control
