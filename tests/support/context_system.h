// A ContextSystem as an empty `context:` in the file gives it.
#pragma once

#include "proxy/context/system.h"

namespace woad::test {

inline ContextSystem make_context_system() {
  using Kind = CorrelationId::Kind;
  ContextSystem system;
  system.rules.names.add(ContextHeader::kColor, "x-woad-color");
  system.rules.names.add(ContextHeader::kColor, "x-env");
  system.rules.names.add(ContextHeader::kTenant, "x-woad-tenant");
  system.rules.names.add(ContextHeader::kCarry, "x-user-id");
  system.rules.ids = {{Kind::kTraceparent, HeaderName("traceparent")},
                      {Kind::kB3, HeaderName("b3")},
                      {Kind::kB3Multi, HeaderName("x-b3-traceid")},
                      {Kind::kRequestId, HeaderName("x-request-id")}};
  system.table = std::make_shared<ContextTable>(7, ContextTable::Limits{});
  system.unanimity = std::make_shared<Unanimity>(7, seconds(30));
  return system;
}

}  // namespace woad::test
