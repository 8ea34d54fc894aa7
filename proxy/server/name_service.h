// Keeps the addresses of the names in the file: resolved at once, again when their time is over.
//
// A name that stops resolving keeps the addresses it last had. Control loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/base/timer_wheel.h"
#include "proxy/net/loop.h"
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

  // `on_change`: some name has other addresses than before, or its first answer.
  NameService(Loop& loop, std::function<void()> on_change);
  ~NameService();

  // From now on these names and no others.
  void watch(const std::vector<std::string>& names);
  // Every name has had an answer, good or bad.
  bool all_answered() const;
  Resolutions resolutions() const;

 private:
  struct Entry;
  void on_answer(Entry& entry, Result<ResolvedName> answer);

  Loop& loop_;
  Resolver resolver_;
  std::function<void()> on_change_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
};

}  // namespace woad
