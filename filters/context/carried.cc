#include "filters/context/carried.h"

#include <algorithm>

#include "proxy/base/strings.h"

namespace woad {

Carried::Carried(const Headers& headers, const ContextNames& names) {
  for (const Header& field : headers) {
    if (names.kind_of(field) != ContextHeader::kCarry) continue;
    const size_t size = field.name.size() + field.value.size();
    const bool fits = size_ < fields_.size() && bytes_ + size <= kMaxCarriedBytes &&
                      bytes_of(field.name) + field.value.size() <= kMaxBytesOfName;
    if (!fits) {
      ++left_out_;
      continue;
    }
    fields_[size_++] = {field.name, field.value};
    bytes_ += size;
  }
}

size_t Carried::bytes_of(std::string_view name) const {
  size_t bytes = 0;
  for (const CarriedHeader& field : fields()) {
    if (equals_ignore_case(field.name, name)) bytes += field.value.size();
  }
  return bytes;
}

void add_carried(Headers& headers, std::span<const CarriedHeader> carried) {
  const auto own = static_cast<std::ptrdiff_t>(headers.size());
  for (const CarriedHeader& field : carried) {
    const bool here = std::any_of(headers.begin(), headers.begin() + own, [&](const Header& each) {
      return equals_ignore_case(each.name, field.name);
    });
    if (!here) headers.add(field.name, field.value);
  }
}

}  // namespace woad
