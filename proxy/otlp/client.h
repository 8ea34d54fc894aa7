// Carries batches to the collector: one HTTP/1.1 connection, kept open, one request at a time.
//
//   idle ──▶ resolving ──▶ connecting ──▶ asking ──▶ idle
//     └──────── (a connection is open) ─────▶┘
// Control loop. Whoever gives up destroys nothing: cancel() leaves it idle and ready.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proxy/base/buffer.h"
#include "proxy/net/loop.h"
#include "proxy/otlp/settings.h"

namespace woad {

// How one try to deliver a batch ended.
struct OtlpAnswer {
  int status = 0;           // 0: there was none
  std::string why;          // without a status: why, such as "10.0.0.1:4318: connection refused"
  std::string retry_after;  // the field's value; "" without one
  std::string body;         // at most OtlpClient::kMaxAnswer bytes, what is over is cut
};

// A face, so that the exporter is tested without a network.
class OtlpChannel {
 public:
  using Done = std::function<void(OtlpAnswer)>;

  virtual ~OtlpChannel() = default;
  // Sends `body`, a whole ExportTraceServiceRequest. `done` is called once, from the loop and never
  // inside this call; it may post again, and may not destroy the channel. Nothing else is under
  // way.
  virtual void post(const std::string& body, Done done) = 0;
  // Nobody waits any more: `done` will not be called.
  virtual void cancel() = 0;
};

class OtlpClient final : public OtlpChannel {
 public:
  // Of an answer's body, in bytes.
  static constexpr size_t kMaxAnswer = size_t{64} * 1024;

  // Loop and pool outlive it. `agent` is the User-Agent to send.
  OtlpClient(Loop& loop, BlockPool& blocks, OtlpEndpoint endpoint,
             std::vector<std::pair<std::string, std::string>> headers, std::string agent);
  ~OtlpClient() override;

  void post(const std::string& body, Done done) override;
  void cancel() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace woad
