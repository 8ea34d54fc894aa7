// The ids of a request by which the context table knows it.
#pragma once

#include <array>
#include <span>

#include "proxy/context/system.h"
#include "proxy/http/exchange_info.h"
#include "proxy/http/message.h"

namespace woad {

// In the order of `context.correlate.ids`, each once, at most as many as the table takes.
class RequestKeys {
 public:
  // `trace` as read_trace() or complete_trace() left it.
  RequestKeys(const RequestHead& head, const TraceInfo& trace, const ContextSystem& system);

  std::span<const ContextKey> all() const { return {keys_.data(), size_}; }
  const ContextKey* begin() const { return keys_.data(); }
  const ContextKey* end() const { return keys_.data() + size_; }

 private:
  void add(ContextKey key);

  std::array<ContextKey, ContextTable::kMaxIds> keys_;
  size_t size_ = 0;
};

}  // namespace woad
