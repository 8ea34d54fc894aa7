// Headers of `context.carry`: what an inbound request hands to the outbound ones.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "proxy/context/names.h"
#include "proxy/context/record.h"
#include "proxy/http/headers.h"

namespace woad {

// The fields of a head that travel, in order, up to 1 KiB of values a name and kMaxCarriedBytes in
// all. Views into the head.
class Carried {
 public:
  static constexpr size_t kMaxBytesOfName = 1024;

  Carried(const Headers& headers, const ContextNames& names);

  std::span<const CarriedHeader> fields() const { return {fields_.data(), size_}; }
  // Fields that were over a limit.
  size_t left_out() const { return left_out_; }

 private:
  size_t bytes_of(std::string_view name) const;

  std::array<CarriedHeader, kMaxCarriedFields> fields_;
  size_t size_ = 0;
  size_t bytes_ = 0;
  size_t left_out_ = 0;
};

// Adds the fields of every name that `headers` has none of. Views are kept.
void add_carried(Headers& headers, std::span<const CarriedHeader> carried);

}  // namespace woad
