// Takes finished spans from the workers and delivers them to the collector, in batches.
//
//   waiting ──(delay over, or a batch is full)──▶ sending ──▶ waiting
//                                                  │  ▲
//                                  (try again later)▼  │
//                                                 backing off
// and from each of them, by shut_down(), in the end: ended.
// Memory is bounded: `max_queue` spans wait in the workers' queues, and one batch is under way. A
// collector that is away or slow costs spans, which are counted, and nothing else. Control loop,
// but for what workers do to their own queue.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/buffer.h"
#include "proxy/base/random.h"
#include "proxy/base/scheduler.h"
#include "proxy/client/http_asker.h"
#include "proxy/net/loop.h"
#include "proxy/observe/otlp_json.h"
#include "proxy/observe/span_queue.h"
#include "proxy/otlp/answer.h"
#include "proxy/otlp/settings.h"

namespace woad {

// Why a span never arrived.
enum class SpanLoss : uint8_t {
  kQueueFull,    // spans came faster than they could be delivered
  kRejected,     // the collector took the batch but not this span
  kRefused,      // the collector refused the batch for good
  kUndelivered,  // every try failed
  kShutdown,     // the process ended, or a reload turned the export off
};
inline constexpr size_t kSpanLosses = static_cast<size_t>(SpanLoss::kShutdown) + 1;
// queue_full, rejected, refused, undelivered, shutdown.
std::string_view to_string(SpanLoss loss);

class OtlpExporter {
 public:
  // Tries of one batch, and the waits between them: doubled each time, of which a random share of
  // at most half is left off.
  static constexpr int kMaxTries = 5;
  static constexpr Duration kFirstBackoff = seconds(1);
  static constexpr Duration kLongestRetryAfter = minutes(5);
  // A batch ends when its body is longer.
  static constexpr size_t kMaxBody = 1 << 20;
  // What is given to the last batches at the end.
  static constexpr Duration kShutdownLimit = seconds(1);

  using MakeAsker = std::function<std::shared_ptr<HttpAsker>(const OtlpSettings&)>;
  struct Context {
    Scheduler& scheduler;
    std::function<void(std::function<void()>)> post;  // runs a task on the control loop; any thread
    MakeAsker make_asker;                             // of the collector
    uint64_t seed;                                    // of the jitter
    size_t workers;                                   // how many queues
  };
  struct Counts {
    uint64_t delivered = 0;
    std::array<uint64_t, kSpanLosses> lost{};

    uint64_t of(SpanLoss loss) const { return lost[static_cast<size_t>(loss)]; }
  };

  explicit OtlpExporter(Context context);
  // The workers have ended; nothing more is sent.
  ~OtlpExporter();

  // These settings from now on; nothing is exported before the first call. What waits goes to the
  // new collector; when the export was turned off it is dropped.
  void apply(OtlpSettings settings);

  // Where a worker puts its spans: nullptr while nothing is exported. Valid as long as the
  // exporter, even after a reload that turned the export off.
  SpanQueue* queue(size_t worker);

  Counts counts() const;

  // Delivers what waits without further waits for at most kShutdownLimit, then calls `done`,
  // possibly inside this call; `done` may not destroy the exporter. Nothing is exported afterwards.
  void shut_down(std::function<void()> done);

 private:
  enum class State : uint8_t { kWaiting, kSending, kBackingOff, kEnded };

  void make_queues();
  size_t waiting() const;
  bool batch_is_due() const;
  void wait_for_more();
  void on_delay_over();
  void send_batch();
  void try_batch();
  void on_answer(const HttpAnswer& answer);
  void on_timeout();
  void judge(const OtlpVerdict& verdict);
  void back_off(const OtlpVerdict& verdict);
  void lose_batch(SpanLoss loss);
  void next();
  void lose_all(SpanLoss loss);
  void end();
  void tell_failure(const std::string& why);
  void tell_success(const OtlpVerdict& verdict);
  uint64_t& lost(SpanLoss loss) { return counts_.lost[static_cast<size_t>(loss)]; }

  Context context_;
  Random random_;
  OtlpSettings settings_;
  std::vector<std::unique_ptr<SpanQueue>> queues_;  // made when first needed
  std::shared_ptr<HttpAsker> asker_;                // nullptr: nothing is exported
  std::unique_ptr<HttpCall> call_;                  // while sending
  std::unique_ptr<OtlpBody> body_;
  std::string batch_;  // under way
  size_t batch_spans_ = 0;
  int tries_ = 0;
  size_t first_queue_ = 0;  // of the next batch: each worker has its turn
  State state_ = State::kWaiting;
  bool failing_ = false;  // the log has been told
  MonoTime told_rejected_ = MonoTime::min();
  std::function<void()> shut_down_;  // set once the end has begun
  Counts counts_;
  Timer delay_timer_;
  Timer retry_timer_;
  Timer timeout_timer_;
  Timer shutdown_timer_;
};

// The exporter of production: HTTP on the control loop.
OtlpExporter::Context otlp_over_http(Loop& loop, BlockPool& blocks, uint64_t seed, size_t workers);

}  // namespace woad
