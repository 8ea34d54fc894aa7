// What etcd holds below woad's prefix, told to a watcher, through all that becomes of etcd.
//
//   away ──▶ listing ──▶ watching ──(compacted, another cluster)──▶ listing
//    ▲ └──(it was listed before)──▶┘ │
//    └──(anything else fails)────────┘ of listing, too
// Away: after a back-off with jitter the next server is tried. A watch resumes from the revision
// that was told last, so nothing is missed. A watch that is silent says nothing of etcd, so that a
// small question goes to the same server every kProbe; and of a connection that is dead without a
// sign nobody hears, so that a watch is made anew every kRenew. One thread, the loop's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/base/random.h"
#include "proxy/base/scheduler.h"
#include "proxy/client/http_asker.h"
#include "proxy/control/store/etcd/etcd_messages.h"
#include "proxy/control/store/line_reader.h"
#include "proxy/control/store/store.h"

namespace woad::control {

struct EtcdServer {
  std::string name;  // for messages: "10.0.0.1:2379"
  std::shared_ptr<HttpAsker> http;
};

class EtcdFeed final : private HttpSink {
 public:
  static constexpr Duration kProbe = seconds(5);
  static constexpr Duration kRenew = seconds(30);
  static constexpr Duration kAnswer = seconds(5);  // to a probe, and the watch's first word
  static constexpr Duration kPageAnswer = seconds(15);
  static constexpr Duration kFirstBackOff = milliseconds(200);
  static constexpr Duration kMostBackOff = seconds(5);

  // All outlive it; there is at least one server.
  EtcdFeed(Scheduler& scheduler, const std::vector<EtcdServer>& servers, uint64_t seed);

  void start(StoreWatcher& watcher);
  // The one that is spoken to now.
  const EtcdServer& server() const { return servers_[server_]; }

 private:
  void go();
  void list();
  void on_page(const HttpAnswer& answer);
  void open_watch();
  bool on_line(std::string_view line);
  void on_opened(const EtcdPoint& at);
  void tell(EtcdNews news);
  void on_probe();
  void on_probed(const HttpAnswer& answer);
  void on_late();
  void forget();
  void well();
  void lost(std::string why);
  void drop();

  // HttpSink: of the watch
  void on_head(const ResponseHead& head) override { status_ = head.status; }
  void on_body(std::string_view piece) override;
  void on_end() override;
  void on_failed(std::string why) override;

  const std::vector<EtcdServer>& servers_;
  size_t server_ = 0;
  Random random_;
  StoreWatcher* watcher_ = nullptr;

  EtcdPoint told_;       // 0: nothing, or all has to be told anew
  bool listed_ = false;  // since the last failure: then what is told is no older than etcd
  EtcdPage page_;        // while listing: all pages so far
  std::unique_ptr<HttpCall> listing_;
  std::unique_ptr<HttpCall> watch_;
  int status_ = 0;       // of the watch
  std::string refused_;  // the body of another status than 200
  LineReader lines_;
  std::unique_ptr<HttpCall> probing_;

  std::string away_;  // why; "" while all is well
  int failures_ = 0;  // in a row
  Timer retry_;
  Timer late_;  // armed until the watch has said its first word
  Timer probe_;
  Timer renew_;
};

}  // namespace woad::control
