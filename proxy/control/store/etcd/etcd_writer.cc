#include "proxy/control/store/etcd/etcd_writer.h"

#include <algorithm>
#include <utility>

#include "proxy/control/store/keys.h"

namespace woad::control {
namespace {

constexpr size_t kMostAnswer = size_t{1} << 20;

bool is_instance(const StoreWrite& write) {
  return write.value && write.key.starts_with(kInstances);
}

}  // namespace

void EtcdWriter::write(StoreWrite write, Store::Done done) {
  waiting_.emplace_back(std::move(write), std::move(done));
  scheduler_.at_turn_end(*this);
}

void EtcdWriter::set_ttl(Duration ttl) {
  if (std::exchange(ttl_, ttl) != ttl) lease_.reset();
}

void EtcdWriter::on_turn_end() {
  if (!writes_.empty() || waiting_.empty()) return;
  take_batch();
  go();
}

// etcd takes a key once in a transaction.
void EtcdWriter::take_batch() {
  size_t bytes = 0;
  while (!waiting_.empty() && writes_.size() < kMostWrites) {
    auto& [write, done] = waiting_.front();
    bytes += write.key.size() + (write.value ? write.value->size() : 0);
    const bool full = !writes_.empty() && bytes > kMostBytes;
    const bool twice =
        std::any_of(writes_.begin(), writes_.end(),
                    [&key = write.key](const StoreWrite& each) { return each.key == key; });
    if (full || twice) break;
    writes_.push_back(std::move(write));
    dones_.push_back(std::move(done));
    waiting_.pop_front();
  }
  again_ = false;
}

bool EtcdWriter::has_fresh_lease() const {
  return lease_ && scheduler_.now() - lease_->granted < kLeaseShared;
}

void EtcdWriter::go() {
  const bool has_instances = std::any_of(writes_.begin(), writes_.end(), is_instance);
  if (has_instances && !has_fresh_lease()) {
    ask("/v3/lease/grant", grant_request(ttl_), &EtcdWriter::on_granted);
  } else {
    ask("/v3/kv/txn", write_request(writes_, lease_ ? lease_->id : ""), &EtcdWriter::on_written);
  }
}

void EtcdWriter::ask(const char* target, std::string body,
                     void (EtcdWriter::*then)(const HttpAnswer&)) {
  server_ = feed_.server().name;
  call_ = feed_.server().http->ask(etcd_request(target, std::move(body), kAnswer), kMostAnswer,
                                   [this, then](const HttpAnswer& answer) {
                                     call_.reset();
                                     (this->*then)(answer);
                                   });
}

void EtcdWriter::on_granted(const HttpAnswer& answer) {
  const std::string failure = failure_of(answer, server_);
  if (!failure.empty()) return fail_all(failure);
  Result<std::string> id = parse_grant(answer.body);
  if (!id) return fail_all(server_ + ": " + id.error().message);
  lease_ = Lease{std::move(*id), scheduler_.now()};
  go();
}

void EtcdWriter::on_written(const HttpAnswer& answer) {
  const std::string failure = failure_of(answer, server_);
  if (says_no_lease(failure) && !std::exchange(again_, true)) {
    lease_.reset();
    return go();
  }
  // Refused for what it says: others may fare better.
  if (answer.status >= 400 && answer.status < 500) return fail(failure);
  if (!failure.empty()) return fail_all(failure);
  const Result<std::vector<StoreOutcome>> outcomes = parse_written(answer.body, writes_);
  if (!outcomes) return fail_all(server_ + ": " + outcomes.error().message);
  finish(*outcomes, {});
}

void EtcdWriter::finish(const std::vector<StoreOutcome>& outcomes, const std::string& why) {
  writes_.clear();
  const std::vector<Store::Done> dones = std::exchange(dones_, {});
  scheduler_.at_turn_end(*this);
  for (size_t i = 0; i < dones.size(); ++i) {
    if (dones[i]) dones[i](outcomes[i], why);
  }
}

void EtcdWriter::fail(const std::string& why) {
  finish(std::vector(writes_.size(), StoreOutcome::kFailed), why);
}

void EtcdWriter::fail_all(const std::string& why) {
  for (auto& [write, done] : std::exchange(waiting_, {})) {
    writes_.push_back(std::move(write));
    dones_.push_back(std::move(done));
  }
  fail(why);
}

}  // namespace woad::control
