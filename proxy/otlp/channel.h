// Carries batches to the collector, one at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proxy/client/http_client.h"
#include "proxy/otlp/settings.h"

namespace woad {

// A face, so that the exporter is tested without a network.
class OtlpChannel {
 public:
  using Done = HttpClient::Done;

  virtual ~OtlpChannel() = default;
  // Sends `body`, a whole ExportTraceServiceRequest. `done` is called once, from the loop and never
  // inside this call; it may post again, and may not destroy the channel. Nothing else is under
  // way.
  virtual void post(const std::string& body, Done done) = 0;
  // Nobody waits any more: `done` will not be called.
  virtual void cancel() = 0;
};

// Of an answer's body, in bytes; what is over is cut.
inline constexpr size_t kMostOtlpAnswer = size_t{64} * 1024;

// The channel of production. Loop and pool outlive it. `agent` is the User-Agent to send. It knows
// no limit of time: the exporter does.
std::unique_ptr<OtlpChannel> otlp_channel(Loop& loop, BlockPool& blocks,
                                          const OtlpSettings& settings, std::string agent);

}  // namespace woad
