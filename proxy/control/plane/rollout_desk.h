// Moves roll-outs: by new documents, by what members say, by time and by operators. Each move is a
// compare-and-swap in the store, and counts once the store tells of it. One thread, the loop's.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proxy/control/plane/catalog_reader.h"
#include "proxy/control/plane/store_view.h"

namespace woad::control {

class RolloutDesk {
 public:
  enum class Order : uint8_t { kHalt, kResume, kRollBack };
  // How an order went.
  enum class Outcome : uint8_t {
    kDone,    // and the store has told of it: the view shows it
    kNotNow,  // it makes no sense, or somebody else was first
    kFailed,  // it is not written
    kUnseen,  // it is written, and the store went away before it told
  };
  using Ordered = std::function<void(Outcome outcome, const std::string& why)>;

  // All outlive this.
  RolloutDesk(const Scheduler& scheduler, Store& store, const StoreView& view,
              const CatalogReader& catalogs)
      : scheduler_(scheduler), store_(store), view_(view), catalogs_(catalogs) {}

  // One service, or all: makes the move that is due.
  void settle(const std::string& service);
  void settle_all();
  // `by`: who says so, for people. `done` comes once, now or later.
  void order(const std::string& service, Order order, const std::string& by, Ordered done);
  // The view has changed: ends the orders that it shows.
  void on_told();
  // Nothing is told for now.
  void on_away(const std::string& why);

 private:
  // An order that is written, and of which the store has not told.
  struct Awaited {
    std::string service;
    uint64_t before;  // the revision that it replaces
    Ordered done;
  };

  static Result<void> follow(Rollout& rollout, Order order, const std::string& by, WallTime now);
  // `text`: of the record; nothing deletes it.
  void write(const std::string& service, std::optional<std::string> text, Store::Done done);
  void end_awaited(const std::function<bool(const Awaited&)>& over, Outcome outcome,
                   const std::string& why);

  const Scheduler& scheduler_;
  Store& store_;
  const StoreView& view_;
  const CatalogReader& catalogs_;
  std::set<std::string> under_way_;  // services of which a move is being written
  std::vector<Awaited> awaited_;
};

}  // namespace woad::control
