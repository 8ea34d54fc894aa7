// A control plane: what joins store, documents, registry and roll-outs, and hands out files. Knows
// nothing of connections. One thread, the loop's.
//
//   store ──▶ StoreView ──documents──▶ CatalogReader ──skeletons──▶ RolloutDesk ──▶ store
//                 │                                                     │
//                 └──instances──▶ Registry ──▶ Distribution ◀──roll-outs┘
//                                                  └──▶ those who wait
#pragma once

#include <set>
#include <string>
#include <vector>

#include "proxy/control/plane/catalog_reader.h"
#include "proxy/control/plane/distribution.h"
#include "proxy/control/plane/member_book.h"
#include "proxy/control/plane/registrar.h"
#include "proxy/control/plane/rollout_desk.h"
#include "proxy/control/plane/store_view.h"

namespace woad::control {

class Plane {
 public:
  // Changes of endpoints go out together that come within this.
  static constexpr Duration kGather = milliseconds(200);

  // All outlive the plane. Two backgrounds: one reads documents, one makes files.
  struct Parts {
    Scheduler& scheduler;
    BlockPool& blocks;
    Store& store;
    Background& reading;
    Background& making;
    std::vector<FilterKind> filters;
    Random& random;
  };
  explicit Plane(Parts parts);

  Result<void> start();

  // Why it is not ready; "": it is.
  std::string not_ready() const;
  // Lines for /readyz.
  std::vector<std::string> warnings() const;

  // What a request may ask for. The service is there.
  std::unique_ptr<WebPending> poll(Poll poll, Distribution::Done done);
  void report(const Registry::Key& who, const MemberBook::Status& status,
              std::function<void()> heard);
  void put(const Registry::Key& who, Instance instance, Registrar::Done done) {
    registrar_.put(who, std::move(instance), std::move(done));
  }
  void remove(const Registry::Key& who, Registrar::Done done);
  void order(const std::string& service, RolloutDesk::Order order, const std::string& by,
             RolloutDesk::Ordered done) {
    desk_.order(service, order, by, std::move(done));
  }

  // Waits end within `time`; new ones, too.
  void drain(Duration time) { files_.drain(time); }

  // For pages and metrics.
  const StoreView& view() const { return view_; }
  const CatalogReader& catalogs() const { return catalogs_; }
  const Distribution& files() const { return files_; }
  const Settings& settings() const { return catalogs_.settings(); }
  bool discovers() const { return store_.discovers(); }
  WallTime now() const { return scheduler_.wall(); }
  Names chosen_of(const std::string& service) const;

 private:
  static constexpr Duration kTick = seconds(1);
  static constexpr Duration kStir = milliseconds(20);

  void on_told(StoreView::Part part, const std::string& service);
  void on_all();
  void on_instances();
  void on_rollout(const std::string& service);
  void on_catalog();

  void read_documents();
  void on_tick();
  void on_gather();
  // Looks at a service soon, once for many events.
  void stir(const std::string& service);
  void on_stir();
  void apply(const std::string& service);
  void apply_all();
  bool never_good(const std::string& service, const Rollout& rollout) const;

  Scheduler& scheduler_;
  Store& store_;
  StoreView view_;
  CatalogReader catalogs_;
  Distribution files_;
  MemberBook members_;
  Registrar registrar_;
  RolloutDesk desk_;
  Timer tick_;
  Timer gather_;
  Timer stir_;
  MonoTime gathered_{};
  std::set<std::string> stirred_;
};

}  // namespace woad::control
