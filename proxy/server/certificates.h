// What became of the certificates of the configuration: loaded, replaced, refused, near their end.
//
// Used on the control loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/admin/certs.h"
#include "proxy/base/scheduler.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/net/file_watch.h"
#include "proxy/observe/prometheus.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

class Certificates {
 public:
  // With less than this share of its life left a certificate is warned about.
  static constexpr double kWarnShare = 0.2;

  // Certificate and key are two files, replaced one after the other: a change is told when nothing
  // more happened for kGather, after kGatherMost at the latest.
  static constexpr Duration kGather = milliseconds(150);
  static constexpr Duration kGatherMost = seconds(1);

  // `changed`: some of the watched files have changed.
  Certificates(Scheduler& scheduler, FileEvents& events, std::function<void()> changed)
      : scheduler_(scheduler),
        events_(events),
        changed_(std::move(changed)),
        gather_(scheduler.timers(), bind_timer<&Certificates::on_gathered>(this)) {}

  // Takes note of what a load made of the files; whether it differs from what ran before (nullptr:
  // nothing).
  bool note(const SnapshotTls* before, const SnapshotTls& now, WallTime at);
  // Watches the files of `running` for what happens since they were read, and no others.
  void watch(const SnapshotTls& running);

  const CertificateStatus& status() const { return status_; }
  // Lines for /readyz.
  std::vector<std::string> warnings(const Snapshot& running, WallTime now) const;
  std::vector<ExtraFamily> metrics(const Snapshot& running) const;
  // A warning for the log, once for each certificate that comes near its end.
  void log_ending(const Snapshot& running, WallTime now);

 private:
  void on_file_changed();
  void on_gathered() { changed_(); }

  Scheduler& scheduler_;
  FileEvents& events_;
  std::function<void()> changed_;
  CertificateStatus status_;
  std::vector<std::string> files_;
  std::vector<std::unique_ptr<FileWatch>> watches_;
  Timer gather_;
  MonoTime gathered_by_{};
  std::string told_ending_;  // hash of the certificate
};

}  // namespace woad
