#include "proxy/context/names.h"

#include <algorithm>
#include <optional>

#include "proxy/base/strings.h"

namespace woad {
namespace {

constexpr std::string_view kHopNames[] = {"x-woad-timeout-ms", kAttemptHeader, "x-woad-hops"};

bool is_twin(std::string_view name, std::string_view ours) {
  return std::equal(name.begin(), name.end(), ours.begin(), ours.end(),
                    [](char a, char b) { return (a == '_' ? '-' : to_lower(a)) == b; });
}

uint32_t attempt_in(std::string_view value) {
  return static_cast<uint32_t>(std::clamp<uint64_t>(parse_decimal(value).value_or(1), 1, 255));
}

}  // namespace

uint32_t attempt_of(const Headers& headers) {
  const Header* field = headers.find(kAttemptHeader);
  return field == nullptr ? 1 : attempt_in(field->value);
}

uint32_t take_attempt(Headers& headers) {
  std::optional<uint32_t> first;
  headers.remove_if([&](const Header& field) {
    if (field.id != HeaderId::kOther || !equals_ignore_case(field.name, kAttemptHeader)) {
      return false;
    }
    if (!first) first = attempt_in(field.value);
    return true;
  });
  return first.value_or(1);
}

void ContextNames::add(ContextHeader kind, std::string_view name) {
  names_.push_back({HeaderName(name), kind});
  const HeaderId id = names_.back().name.id;
  lengths_ |= uint64_t{1} << std::min<size_t>(name.size(), 63);
  if (id != HeaderId::kOther) ids_ |= uint64_t{1} << static_cast<size_t>(id);
}

ContextHeader ContextNames::look_up(const Header& field) const {
  for (const Named& each : names_) {
    if (field.is(each.name)) return each.kind;
  }
  if (field.name.find('_') == std::string_view::npos) return ContextHeader::kNone;
  for (const Named& each : names_) {
    if (is_twin(field.name, each.name.text)) return ContextHeader::kTwin;
  }
  return ContextHeader::kNone;
}

ContextHeader ContextNames::kind_of_own(const Header& field) const {
  const ContextHeader configured = look_up(field);
  if (configured != ContextHeader::kNone) return configured;
  if (!starts_with_ignore_case(field.name, kOwnPrefix)) return ContextHeader::kNone;
  for (const std::string_view hop : kHopNames) {
    if (equals_ignore_case(field.name, hop)) return ContextHeader::kHop;
  }
  return ContextHeader::kOwn;
}

const HeaderName* ContextNames::first(ContextHeader kind) const {
  const auto found = std::find_if(names_.begin(), names_.end(),
                                  [&](const Named& each) { return each.kind == kind; });
  return found == names_.end() ? nullptr : &found->name;
}

std::vector<std::string_view> ContextNames::of(ContextHeader kind) const {
  std::vector<std::string_view> all;
  for (const Named& each : names_) {
    if (each.kind == kind) all.push_back(each.name.text);
  }
  return all;
}

}  // namespace woad
