#include "proxy/http/message.h"

#include <algorithm>

#include "proxy/base/strings.h"

namespace woad {
namespace {

constexpr std::string_view kMethodNames[] = {"GET",     "HEAD",  "POST",  "PUT",    "DELETE",
                                             "OPTIONS", "PATCH", "TRACE", "CONNECT"};

}  // namespace

std::string_view to_string(Protocol protocol) {
  constexpr std::string_view kNames[] = {"HTTP/1.0", "HTTP/1.1", "HTTP/2", "tcp"};
  return kNames[static_cast<size_t>(protocol)];
}

Method method_of(std::string_view name) {
  for (size_t i = 0; i < std::size(kMethodNames); ++i) {
    if (name == kMethodNames[i]) return static_cast<Method>(i);
  }
  return Method::kOther;
}

std::string_view method_in_capitals(std::string_view name) {
  const auto found = std::find_if(
      std::begin(kMethodNames), std::end(kMethodNames),
      [name](std::string_view known) { return name != known && equals_ignore_case(name, known); });
  return found == std::end(kMethodNames) ? std::string_view() : *found;
}

bool is_idempotent(Method method) {
  switch (method) {
    case Method::kGet:
    case Method::kHead:
    case Method::kPut:
    case Method::kDelete:
    case Method::kOptions:
    case Method::kTrace: return true;
    default: return false;
  }
}

bool is_grpc(const Headers& headers) {
  constexpr std::string_view kType = "application/grpc";
  const Header* type = headers.find(HeaderId::kContentType);
  if (type == nullptr || !starts_with_ignore_case(type->value, kType)) return false;
  if (type->value.size() == kType.size()) return true;
  const char next = type->value[kType.size()];
  return next == '+' || next == ';' || next == ' ' || next == '\t';
}

}  // namespace woad
