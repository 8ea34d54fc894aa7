// Hands files to those who wait for them: each instance gets the file that is for it as soon as it
// differs from the one it has. One thread, the loop's.
//
// A wait ends with a file, with its time (304), with a newer one of the same instance (304), or
// with the client. While the process drains, waits end spread over the time that is left.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/random.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/control/plane/service_files.h"
#include "proxy/control/plane/store_view.h"

namespace woad::control {

struct Poll {
  std::string service;
  std::string instance;
  std::string have;  // SHA-256 in hexadecimal; "": nothing
  Duration wait{};
  Acceptance acceptance;
};

class Distribution {
 public:
  using Done = WebHandler::Done;

  // All outlive this.
  Distribution(Scheduler& scheduler, BlockPool& blocks, Background& background,
               const StoreView& view, Random& random)
      : scheduler_(scheduler), blocks_(blocks), jobs_(background), view_(view), random_(random) {}

  // Whose file is which. `broken`: no file was ever good, so nobody is to wait for one.
  void set(const std::string& service, const Rollout& rollout, Names chosen, bool broken);
  // Ends its waits: 404.
  void remove(const std::string& service);
  void set_instances(const AllInstances& instances);

  // As WebHandler::answer(). The service is there.
  std::unique_ptr<WebPending> poll(Poll poll, Done done);

  // From now on waits end within `time`.
  void drain(Duration time);
  bool draining() const { return end_.has_value(); }

  // nullptr: not made yet, or none.
  FilePtr file(std::string_view service, ServiceFiles::Kind kind) const;
  // nullptr: not remembered.
  FilePtr remembered(std::string_view service, std::string_view sha256) const;
  size_t waiting() const { return waiting_; }
  // Calls `visit(service, instance)` for each that waits.
  void for_each_waiting(
      const std::function<void(const std::string&, const std::string&)>& visit) const;

  // Counts for metrics: answers with a file by coding, and their bytes.
  struct Sent {
    uint64_t answers = 0;
    uint64_t bytes = 0;
  };
  const std::map<Coding::Kind, Sent>& sent() const { return sent_; }

 private:
  class Waiter;
  struct Service {
    std::shared_ptr<ServiceFiles> files;
    Names chosen;
    bool broken = false;
    std::map<std::string, Waiter*, std::less<>> waiters;  // by instance
  };
  enum class Freshness : uint8_t { kFresh, kAny };

  Service& service(const std::string& name);
  void serve_all(const std::string& name, Freshness freshness);
  // The answer, if it is time for one.
  std::optional<WebResponse> try_answer(Service& service, const Poll& poll, Freshness freshness);
  bool is_news(const File& file, const Poll& poll) const;
  WebResponse with_file(const File& file, const Coding& coding, SharedBody body);
  // 304 names what the caller has, as RFC 9110, section 15.4.5, asks.
  WebResponse nothing_new(const Poll& poll) const;
  bool still_making(const Poll& poll) const;
  static ServiceFiles::Kind kind_for(const Service& service, std::string_view instance);

  Scheduler& scheduler_;
  BlockPool& blocks_;
  JobQueue jobs_;
  const StoreView& view_;
  Random& random_;
  std::map<std::string, Service, std::less<>> services_;
  std::shared_ptr<const AllInstances> instances_ = std::make_shared<const AllInstances>();
  std::optional<MonoTime> end_;  // while draining
  size_t waiting_ = 0;
  std::map<Coding::Kind, Sent> sent_;
};

}  // namespace woad::control
