#include "proxy/control/plane/distribution.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "proxy/control/plane/answers.h"

namespace woad::control {

using Kind = ServiceFiles::Kind;

// One request that waits.
class Distribution::Waiter final : public WebPending {
 public:
  Waiter(Distribution& of, Poll poll, Done done)
      : of_(of),
        poll_(std::move(poll)),
        done_(std::move(done)),
        timer_(of.scheduler_.timers(), bind_timer<&Waiter::on_late>(this)) {
    ++of_.waiting_;
    set_wait(poll_.wait);
  }
  ~Waiter() override { leave(); }

  const Poll& poll() const { return poll_; }
  void set_wait(Duration wait) {
    end_ = of_.scheduler_.now() + wait + kPatience;
    timer_.arm(wait);
  }
  // Once.
  void answer(WebResponse response) {
    leave();
    std::exchange(done_, {})(std::move(response));
  }

 private:
  // A file that is nearly there is waited for, so long at most.
  static constexpr Duration kMoment = milliseconds(20);
  static constexpr Duration kPatience = seconds(5);

  void leave() {
    if (!done_) return;
    --of_.waiting_;
    timer_.disarm();
    const auto service = of_.services_.find(poll_.service);
    if (service == of_.services_.end()) return;
    auto& waiters = service->second.waiters;
    const auto me = waiters.find(poll_.instance);
    if (me != waiters.end() && me->second == this) waiters.erase(me);
  }

  void on_late() {
    if (!of_.still_making(poll_)) {
      answer(of_.nothing_new(poll_));
    } else if (of_.scheduler_.now() < end_) {
      timer_.arm(kMoment);
    } else {
      answer(not_now("the file of " + poll_.service + " is not made yet"));
    }
  }

  Distribution& of_;
  Poll poll_;
  Done done_;
  Timer timer_;
  MonoTime end_{};
};

Distribution::Service& Distribution::service(const std::string& name) {
  Service& service = services_[name];
  if (service.files == nullptr) {
    service.files = std::make_shared<ServiceFiles>(
        jobs_, blocks_, [this, name] { serve_all(name, Freshness::kAny); });
    service.files->set_instances(instances_, false);
  }
  return service;
}

void Distribution::set(const std::string& name, const Rollout& rollout, Names chosen, bool broken) {
  Service& mine = service(name);
  mine.chosen = std::move(chosen);
  mine.broken = broken;
  mine.files->set_skeleton(Kind::kAccepted, rollout.accepted);
  const bool rolls =
      rollout.state == Rollout::State::kRolling || rollout.state == Rollout::State::kHalted;
  mine.files->set_skeleton(Kind::kCandidate, rolls ? rollout.candidate : nullptr);
  serve_all(name, Freshness::kFresh);
}

void Distribution::remove(const std::string& name) {
  const auto at = services_.find(name);
  if (at == services_.end()) return;
  const auto waiters = std::exchange(at->second.waiters, {});
  for (const auto& [instance, waiter] : waiters) {
    waiter->answer(not_known("there is no service " + name + " any more"));
  }
  services_.erase(name);
}

void Distribution::set_instances(const AllInstances& instances) {
  std::vector<std::string_view> changed;
  const auto note = [&](const AllInstances& left, const AllInstances& right, bool both) {
    for (const auto& [name, all] : left) {
      const auto at = right.find(name);
      const bool differs = at == right.end() || (both && at->second != all);
      if (differs) changed.push_back(name);
    }
  };
  const std::shared_ptr<const AllInstances> before = instances_;
  note(*before, instances, true);
  note(instances, *before, false);
  instances_ = std::make_shared<const AllInstances>(instances);
  for (auto& [name, each] : services_) {
    const bool concerns =
        std::any_of(changed.begin(), changed.end(),
                    [&, files = each.files.get()](auto used) { return files->uses(used); });
    each.files->set_instances(instances_, concerns);
    if (!concerns || each.waiters.empty()) continue;
    each.files->want(Kind::kAccepted);
    each.files->want(Kind::kCandidate);
  }
}

Kind Distribution::kind_for(const Service& service, std::string_view instance) {
  const bool new_one =
      service.files->skeleton(Kind::kCandidate) != nullptr && service.chosen.contains(instance);
  return new_one ? Kind::kCandidate : Kind::kAccepted;
}

std::unique_ptr<WebPending> Distribution::poll(Poll poll, Done done) {
  Service& mine = service(poll.service);
  if (std::optional<WebResponse> answer = try_answer(mine, poll, Freshness::kFresh)) {
    done(std::move(*answer));
    return nullptr;
  }
  if (end_) {
    const Duration left = std::max(Duration(0), Duration(*end_ - scheduler_.now()));
    poll.wait = std::min(
        poll.wait,
        Duration(static_cast<int64_t>(static_cast<double>(left.count()) * random_.unit())));
  }
  const auto older = mine.waiters.find(poll.instance);
  if (older != mine.waiters.end()) older->second->answer(nothing_new(older->second->poll()));
  auto waiter = std::make_unique<Waiter>(*this, std::move(poll), std::move(done));
  mine.waiters[waiter->poll().instance] = waiter.get();
  return waiter;
}

void Distribution::serve_all(const std::string& name, Freshness freshness) {
  const auto at = services_.find(name);
  if (at == services_.end()) return;
  std::vector<Waiter*> waiters;
  waiters.reserve(at->second.waiters.size());
  for (const auto& [instance, waiter] : at->second.waiters) waiters.push_back(waiter);
  for (Waiter* const waiter : waiters) {
    std::optional<WebResponse> answer = try_answer(at->second, waiter->poll(), freshness);
    if (answer) waiter->answer(std::move(*answer));
  }
}

std::optional<WebResponse> Distribution::try_answer(Service& service, const Poll& poll,
                                                    Freshness freshness) {
  ServiceFiles& files = *service.files;
  const Kind kind = kind_for(service, poll.instance);
  if (files.skeleton(kind) == nullptr) {
    if (!service.broken) return {};
    return not_now("no file of " + poll.service + " was ever good; GET /v1/problems says why");
  }
  files.want(kind);
  const FilePtr file = files.file(kind);
  if (file == nullptr || (freshness == Freshness::kFresh && !files.fresh(kind))) return {};
  if (!is_news(*file, poll)) return {};
  const Coding coding = files.choose(poll.acceptance, *file);
  SharedBody body = files.body(kind, coding);
  if (body == nullptr) return {};
  return with_file(*file, coding, std::move(body));
}

bool Distribution::is_news(const File& file, const Poll& poll) const {
  if (file.sha256 == poll.have) return false;
  const Member* const member = view_.member(poll.service, poll.instance);
  return member == nullptr || member->outcome != Member::Outcome::kRejected ||
         member->sha256 != poll.have || member->instead != file.sha256;
}

WebResponse Distribution::with_file(const File& file, const Coding& coding, SharedBody body) {
  Sent& sent = sent_[coding.kind];
  ++sent.answers;
  sent.bytes += body->size();
  WebResponse response{.content_type = "application/yaml",
                       .shared = std::move(body),
                       .headers = {{"etag", '"' + file.sha256 + '"'},
                                   {"x-woad-version", file.version},
                                   {"vary", "accept-encoding, available-dictionary"}},
                       .last = draining()};
  const std::string_view name = to_string(coding.kind);
  if (!name.empty()) response.headers.emplace_back("content-encoding", name);
  return response;
}

WebResponse Distribution::nothing_new(const Poll& poll) const {
  WebResponse response{.status = 304, .last = draining()};
  if (!poll.have.empty()) response.headers.emplace_back("etag", '"' + poll.have + '"');
  return response;
}

bool Distribution::still_making(const Poll& poll) const {
  const auto at = services_.find(poll.service);
  if (at == services_.end()) return false;
  const ServiceFiles& files = *at->second.files;
  const Kind kind = kind_for(at->second, poll.instance);
  if (files.skeleton(kind) == nullptr) return !at->second.broken;
  const FilePtr& file = files.file(kind);
  return !files.fresh(kind) || file == nullptr || is_news(*file, poll);
}

void Distribution::drain(Duration time) {
  end_ = scheduler_.now() + time;
  for (const auto& [name, each] : services_) {
    for (const auto& [instance, waiter] : each.waiters) {
      waiter->set_wait(
          Duration(static_cast<int64_t>(static_cast<double>(time.count()) * random_.unit())));
    }
  }
}

FilePtr Distribution::file(std::string_view service, Kind kind) const {
  const auto at = services_.find(service);
  return at == services_.end() ? nullptr : at->second.files->file(kind);
}

FilePtr Distribution::remembered(std::string_view service, std::string_view sha256) const {
  const auto at = services_.find(service);
  return at == services_.end() ? nullptr : at->second.files->remembered(sha256);
}

void Distribution::for_each_waiting(
    const std::function<void(const std::string&, const std::string&)>& visit) const {
  for (const auto& [name, each] : services_) {
    for (const auto& [instance, waiter] : each.waiters) visit(name, instance);
  }
}

}  // namespace woad::control
