// Keeps the addresses of the names in the file: resolved at once, again when their time is over.
//
// A name that stops resolving keeps the addresses it last had. Control loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/base/scheduler.h"
#include "proxy/net/resolver.h"
#include "proxy/snapshot/compile.h"

namespace woad {

class NameService {
 public:
  // Between two questions for the same name, whatever its TTL says.
  static constexpr Duration kMinInterval = seconds(1);
  static constexpr Duration kMaxInterval = minutes(5);
  // After a failure.
  static constexpr Duration kRetryInterval = seconds(2);
  // The first answer of a name is waited for that long; then one goes on without.
  static constexpr Duration kPatience = seconds(5);

  // Asks once; see Resolver::resolve.
  using Ask = std::function<std::unique_ptr<Resolver::Ticket>(const std::string& name,
                                                              Resolver::Done done)>;

  // `on_change`: some name has other addresses than before, or its first answer, or need not be
  // waited for any more. It must not call watch().
  NameService(Scheduler& scheduler, Ask ask, std::function<void()> on_change);
  ~NameService();

  // From now on these names and no others.
  void watch(const std::vector<std::string>& names);
  // Every name has had an answer, good or bad, or has been waited for long enough.
  bool settled() const;
  Resolutions resolutions() const;

 private:
  struct Entry;
  void on_answer(Entry& entry, Result<ResolvedName> answer);

  Scheduler& scheduler_;
  Ask ask_;
  std::function<void()> on_change_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
};

}  // namespace woad
