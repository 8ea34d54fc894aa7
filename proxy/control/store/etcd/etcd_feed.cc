#include "proxy/control/store/etcd/etcd_feed.h"

#include <algorithm>
#include <utility>

#include "proxy/base/backoff.h"

namespace woad::control {
namespace {

constexpr size_t kMostPage = size_t{1} << 30;
constexpr size_t kMostLine = size_t{1} << 30;
constexpr size_t kMostSmall = size_t{64} << 10;

}  // namespace

EtcdFeed::EtcdFeed(Scheduler& scheduler, const std::vector<EtcdServer>& servers, uint64_t seed)
    : servers_(servers),
      random_(seed),
      lines_(kMostLine),
      retry_(scheduler.timers(), bind_timer<&EtcdFeed::go>(this)),
      late_(scheduler.timers(), bind_timer<&EtcdFeed::on_late>(this)),
      probe_(scheduler.timers(), bind_timer<&EtcdFeed::on_probe>(this)),
      renew_(scheduler.timers(), bind_timer<&EtcdFeed::open_watch>(this)) {
  server_ = random_.below(servers_.size());
}

void EtcdFeed::start(StoreWatcher& watcher) {
  watcher_ = &watcher;
  go();
}

void EtcdFeed::go() {
  if (told_.revision == 0) {
    page_ = {};
    list();
  } else {
    open_watch();
  }
}

void EtcdFeed::list() {
  std::string body = range_request(page_.last, page_.at.revision);
  listing_ = server().http->ask(etcd_request("/v3/kv/range", std::move(body), kPageAnswer),
                                kMostPage, [this](const HttpAnswer& answer) { on_page(answer); });
}

void EtcdFeed::on_page(const HttpAnswer& answer) {
  listing_.reset();
  std::string failure = failure_of(answer, server().name);
  if (!failure.empty()) return lost(std::move(failure));
  Result<EtcdPage> next = parse_page(answer.body);
  if (!next) return lost(server().name + ": " + next.error().message);
  if (next->more && next->last <= page_.last) return lost(server().name + ": pages go back");
  if (page_.at.revision == 0) page_.at = next->at;
  page_.entries.merge(next->entries);
  page_.last = std::move(next->last);
  if (next->more) return list();

  told_ = page_.at;
  listed_ = true;
  well();
  watcher_->on_synced(std::exchange(page_, {}).entries, told_.revision);
  open_watch();
}

void EtcdFeed::open_watch() {
  probing_.reset();
  probe_.disarm();
  renew_.disarm();
  lines_.clear();
  refused_.clear();
  status_ = 0;
  late_.arm(kAnswer);
  std::string body = watch_request(told_.revision + 1);
  watch_ = server().http->stream(etcd_request("/v3/watch", std::move(body), {}), *this);
}

void EtcdFeed::on_body(std::string_view piece) {
  if (status_ != 200) {
    refused_ += piece.substr(0, kMostSmall - std::min(kMostSmall, refused_.size()));
    return;
  }
  const bool fine = lines_.read(piece, [this](std::string_view line) { return on_line(line); });
  if (!fine) lost(server().name + ": a line of the watch is too long");
}

void EtcdFeed::on_end() {
  if (status_ != 200) return lost(refusal(status_, refused_, server().name));
  lost(server().name + ": the watch was ended");
}

void EtcdFeed::on_failed(std::string why) { lost(std::move(why)); }

// False: this watch is over.
bool EtcdFeed::on_line(std::string_view line) {
  Result<EtcdNews> news = parse_news(line);
  if (!news) {
    lost(server().name + ": " + news.error().message);
    return false;
  }
  if (news->compacted) {
    forget();
    return false;
  }
  if (!news->created) {
    tell(std::move(*news));
    return true;
  }
  on_opened(news->at);
  return watch_ != nullptr;
}

void EtcdFeed::on_opened(const EtcdPoint& at) {
  // Another etcd by the same name, or one that was set back: what was told means nothing there. A
  // member that lags behind looks the same, so that a list, which is never old, is believed.
  const bool other = at.cluster != told_.cluster || (!listed_ && at.revision < told_.revision);
  if (other) return forget();
  late_.disarm();
  renew_.arm(kRenew);
  on_probe();
}

void EtcdFeed::tell(EtcdNews news) {
  for (const EtcdEvent& each : news.events) {
    const StoreEntry* entry = each.entry ? &*each.entry : nullptr;
    watcher_->on_changed(each.key, entry, each.revision);
  }
  // Without events it is a notice of progress.
  const uint64_t now = news.events.empty() ? news.at.revision : news.events.back().revision;
  if (!news.fragment) told_.revision = std::max(told_.revision, now);
}

void EtcdFeed::on_probe() {
  probing_ = server().http->ask(etcd_request("/v3/kv/range", probe_request(), kAnswer), kMostSmall,
                                [this](const HttpAnswer& answer) { on_probed(answer); });
}

void EtcdFeed::on_probed(const HttpAnswer& answer) {
  probing_.reset();
  std::string failure = failure_of(answer, server().name);
  if (!failure.empty()) return lost(std::move(failure));
  if (Result<EtcdPage> page = parse_page(answer.body); !page) {
    return lost(server().name + ": " + page.error().message);
  }
  well();
  probe_.arm(kProbe);
}

void EtcdFeed::on_late() { lost(server().name + ": no watch within 5s"); }

// Everything has to be told anew. A little later: an etcd that compacts all the time must not be
// asked all the time.
void EtcdFeed::forget() {
  drop();
  told_ = {};
  retry_.arm(kFirstBackOff / 2);
}

void EtcdFeed::well() {
  failures_ = 0;
  if (!std::exchange(away_, {}).empty()) watcher_->on_away({});
}

void EtcdFeed::lost(std::string why) {
  drop();
  listed_ = false;
  server_ = (server_ + 1) % servers_.size();
  retry_.arm(backoff(random_, kFirstBackOff, kMostBackOff, failures_++));
  if (why == away_) return;
  away_ = std::move(why);
  watcher_->on_away(away_);
}

void EtcdFeed::drop() {
  listing_.reset();
  watch_.reset();
  probing_.reset();
  for (Timer* each : {&retry_, &late_, &probe_, &renew_}) each->disarm();
}

}  // namespace woad::control
