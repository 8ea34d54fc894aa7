#include "proxy/context/packed_context.h"

#include <cstring>

#include "proxy/base/result.h"
#include "proxy/context/key.h"

namespace woad {
namespace {

bool within_limits(std::span<const CarriedHeader> carried) {
  if (carried.size() > kMaxCarriedFields) return false;
  size_t bytes = 0;
  for (const CarriedHeader& field : carried) bytes += field.name.size() + field.value.size();
  return bytes <= kMaxCarriedBytes;
}

size_t byte_at(std::string_view packed, size_t at) {
  return static_cast<unsigned char>(packed[at]);
}

size_t length_at(const char* bytes) {
  uint16_t length = 0;
  std::memcpy(&length, bytes, sizeof(length));
  return length;
}

}  // namespace

void PackedContext::put(std::string_view text) {
  if (!text.empty()) std::memcpy(bytes_ + size_, text.data(), text.size());
  size_ += text.size();
}

void PackedContext::put_length(size_t length) {
  const auto narrow = static_cast<uint16_t>(length);
  std::memcpy(bytes_ + size_, &narrow, sizeof(narrow));
  size_ += sizeof(narrow);
}

PackedContext::PackedContext(const ContextRecord& record, uint64_t seed) {
  const ContextValues& values = record.values;
  WOAD_ASSERT(values.color.size() <= kMaxContextValue && values.tenant.size() <= kMaxContextValue);
  whole_ = within_limits(record.carried);
  const auto carried = whole_ ? record.carried : std::span<const CarriedHeader>();
  bytes_[0] = static_cast<char>(values.color.size());
  bytes_[1] = static_cast<char>(values.tenant.size());
  bytes_[2] = static_cast<char>(carried.size());
  size_ = kHead;
  put(values.color);
  put(values.tenant);
  for (const CarriedHeader& field : carried) {
    put_length(field.name.size());
    put_length(field.value.size());
    put(field.name);
    put(field.value);
    carried_ += field.name.size() + field.value.size();
  }
  hash_ = seeded_hash(bytes(), seed);
}

PackedContext::PackedContext(const ContextValues& values, uint64_t seed)
    : PackedContext(ContextRecord{.values = values}, seed) {}

ContextValues packed_values(std::string_view packed) {
  const size_t color = byte_at(packed, 0);
  const size_t tenant = byte_at(packed, 1);
  return {packed.substr(PackedContext::kHead, color),
          packed.substr(PackedContext::kHead + color, tenant)};
}

void unpack(std::string_view packed, ContextRecord& record, Arena& arena) {
  record.values = packed_values(packed);
  const size_t count = byte_at(packed, 2);
  if (count == 0) return;
  auto* const fields = static_cast<CarriedHeader*>(
      arena.allocate(count * sizeof(CarriedHeader), alignof(CarriedHeader)));
  const char* at = packed.data() + PackedContext::kHead + record.values.color.size() +
                   record.values.tenant.size();
  for (size_t i = 0; i < count; ++i) {
    const size_t name = length_at(at);
    const size_t value = length_at(at + 2);
    at += PackedContext::kFieldHead;
    new (&fields[i]) CarriedHeader{{at, name}, {at + name, value}};
    at += name + value;
  }
  record.carried = {fields, count};
}

}  // namespace woad
