// Writes to etcd: those of one turn travel in one transaction, one transaction at a time, so that
// writes to one key keep their order.
//
//   idle ──▶ (granting ──▶) writing ──▶ idle
// The keys of instances hang on a lease; writes of one minute share one. Where etcd cannot be
// reached everything that waits has failed: who asked is to know soon. One thread, the loop's.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/base/scheduler.h"
#include "proxy/control/store/etcd/etcd_feed.h"

namespace woad::control {

class EtcdWriter final : private TurnEnd {
 public:
  static constexpr size_t kMostWrites = 100;               // etcd takes 128 (--max-txn-ops)
  static constexpr size_t kMostBytes = size_t{512} << 10;  // and 1.5 MiB (--max-request-bytes)
  static constexpr Duration kAnswer = seconds(5);
  static constexpr Duration kLeaseShared = minutes(1);

  // Both outlive it. What is written goes to the feed's server.
  EtcdWriter(Scheduler& scheduler, const EtcdFeed& feed) : scheduler_(scheduler), feed_(feed) {}

  void write(StoreWrite write, Store::Done done);
  // Of the leases to come.
  void set_ttl(Duration ttl);

 private:
  struct Lease {
    std::string id;
    MonoTime granted;
  };

  // TurnEnd
  void on_turn_end() override;
  void take_batch();
  bool has_fresh_lease() const;
  void go();
  void ask(const char* target, std::string body, void (EtcdWriter::*then)(const HttpAnswer&));
  void on_granted(const HttpAnswer& answer);
  void on_written(const HttpAnswer& answer);
  void finish(const std::vector<StoreOutcome>& outcomes, const std::string& why);
  void fail(const std::string& why);
  void fail_all(const std::string& why);

  Scheduler& scheduler_;
  const EtcdFeed& feed_;
  Duration ttl_ = seconds(90) + kLastResort;
  std::deque<std::pair<StoreWrite, Store::Done>> waiting_;
  // What is under way, side by side.
  std::vector<StoreWrite> writes_;
  std::vector<Store::Done> dones_;
  bool again_ = false;  // under way for the second time: its lease was gone
  std::optional<Lease> lease_;
  std::string server_;  // that was asked, for messages
  std::unique_ptr<HttpCall> call_;
};

}  // namespace woad::control
