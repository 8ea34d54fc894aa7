#include "proxy/member/member.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "config/load.h"
#include "proxy/base/json.h"
#include "proxy/base/strings.h"
#include "proxy/log/log.h"
#include "proxy/net/tls/digest.h"

namespace woad {
namespace {

constexpr size_t kMostOfOtherAnswers = size_t{64} * 1024;
constexpr size_t kLongestError = size_t{8} * 1024;

bool is_good(int status) { return status >= 200 && status < 300; }

std::string show(const Url& url) { return (url.tls ? "https://" : "http://") + url.authority; }

}  // namespace

// What happens to a file beside the loop.
struct Member::Installing {
  HttpAnswer answer;
  PollAnswer judged;
  LocalFile::Outcome installed{};
};

Member::Member(const Faces& faces, LocalFile file, MemberSettings settings, uint64_t seed)
    : faces_(faces),
      file_(std::move(file)),
      settings_(std::move(settings)),
      random_(seed),
      timer_(faces.scheduler.timers(), bind_timer<&Member::on_timer>(this)) {}

Member::~Member() = default;

MemberStatus Member::status() const {
  MemberStatus status = status_;
  status.url = show(settings_.urls[url_]);
  return status;
}

void Member::start() {
  struct Start {
    Result<LocalFile::Found> found{Error{}};
    std::string sha256;
  };
  const auto start = std::make_shared<Start>();
  faces_.background.run(
      [start, file = file_] {
        start->found = file.find();
        if (start->found && start->found->text) start->sha256 = sha256_hex(*start->found->text);
      },
      [this, start] { on_found(std::move(start->found), std::move(start->sha256)); });
}

void Member::on_found(Result<LocalFile::Found> found, std::string sha256) {
  if (state_ == State::kStopped) return;
  if (!found) return faces_.host.on_no_way(found.error().message);
  if (!found->errors.empty()) {
    log_error("the file does not load, it is kept as another one",
              {{"file", file_.path()}, {"kept", file_.path() + ".bad"}, {"errors", found->errors}});
  }
  if (settings_.service.empty()) settings_.service = found->node.service;
  if (settings_.instance.empty()) settings_.instance = found->node.instance;
  if (settings_.service.empty()) {
    return faces_.host.on_no_way(
        "a control plane is asked for the file of a service: WOAD_SERVICE must be set");
  }
  if (!found->text) {
    faces_.host.on_no_file();
    return rest();
  }
  have_ = {std::move(*found->text), sha256, ""};
  seen_ = std::move(sha256);
  coming_ = have_;
  state_ = State::kGoingLive;
  timer_.arm(kGoLive);
  faces_.host.on_good_file();
}

void Member::rest() {
  state_ = State::kIdle;
  proceed();
}

void Member::pause_until(MonoTime time) {
  state_ = State::kPausing;
  timer_.arm(std::max<Duration>(time - now(), TimerWheel::kTick));
}

void Member::on_timer() {
  if (state_ == State::kPausing) return rest();
  WOAD_ASSERT(state_ == State::kGoingLive);
  on_not_live("it did not come to run within " + config::show(kGoLive));
}

bool Member::may_register() const {
  return settings_.registers && registration_.open() && faces_.host.serving().has_value();
}

Member::Errand Member::next_errand() const {
  if (registration_.leaving()) return Errand::kDeregister;
  if (outcome_) return Errand::kTell;
  if (!may_register() || registration_.due() > now()) return Errand::kPoll;
  const bool addressed = !settings_.advertised.host.empty() || client_->local();
  return addressed ? Errand::kRegister : Errand::kPoll;
}

void Member::proceed() {
  if (state_ != State::kIdle) return;
  if (now() < not_before_) return pause_until(not_before_);
  if (client_ == nullptr || faces_.host.outdated()) {
    auto client = faces_.host.connect(settings_.urls[url_]);
    if (!client) return lose({client.error().message});
    client_ = std::move(*client);
  }
  ask(next_errand());
}

// A plane that was lost, or not asked yet, soon says whether it is there. With a heartbeat to come,
// the plane must be done before it; and it must be reached once before the address is known by
// which it is.
Duration Member::wait_of_poll() const {
  if (!status_.connected) return kFirstPoll;
  if (!may_register()) return kLongestPoll;
  return std::clamp<Duration>(std::chrono::floor<seconds>(registration_.due() - now()), kFirstPoll,
                              kLongestPoll);
}

std::string Member::path_of(const std::string& what, bool with_instance) const {
  const std::string path = "/v1/" + what + "/" + percent_encoded(settings_.service);
  return with_instance ? path + "/" + percent_encoded(settings_.instance) : path;
}

HttpRequest Member::request_of(Errand errand) const {
  HttpRequest request{.timeout = kPatience};
  switch (errand) {
    case Errand::kPoll: {
      const Duration wait = wait_of_poll();
      request.timeout = wait + kPatience;
      request.target = path_of("config", false) +
                       "?instance=" + percent_encoded(settings_.instance) + "&have=" + seen_ +
                       "&wait=" + config::show(wait);
      request.headers = poll_fields(have_);
      return request;
    }
    case Errand::kTell: {
      const nlohmann::json json = {{"sha256", outcome_->sha256},
                                   {"version", outcome_->version},
                                   {"result", outcome_->error.empty() ? "applied" : "rejected"},
                                   {"error", outcome_->error}};
      request.method = "POST";
      request.target = path_of("status", true);
      request.body = json_line(json);
      break;
    }
    case Errand::kRegister:
      request.method = "PUT";
      request.target = path_of("instances", true);
      break;
    case Errand::kDeregister:
      request.method = "DELETE";
      request.target = path_of("instances", true);
      return request;
  }
  request.headers.emplace_back("content-type", "application/json");
  return request;
}

void Member::ask(Errand errand) {
  HttpRequest request = request_of(errand);
  if (errand == Errand::kRegister) {
    auto body = Registration::body(settings_.advertised, *faces_.host.serving(), client_->local());
    if (!body) return on_registered({.why = body.error().message});
    request.body = std::move(*body);
  }
  state_ = State::kAsking;
  errand_ = errand;
  if (errand == Errand::kPoll) not_before_ = now() + kShortestPoll;
  call_ =
      client_->ask(std::move(request), errand == Errand::kPoll ? kMostOfFile : kMostOfOtherAnswers,
                   [this, errand](HttpAnswer answer) {
                     call_.reset();
                     on_answer(errand, std::move(answer));
                   });
}

void Member::on_answer(Errand errand, HttpAnswer answer) {
  state_ = State::kIdle;
  if (answer.status == 0 && errand != Errand::kDeregister) return lose({std::move(answer.why)});
  if (answer.status >= 500) return lose(no_use(answer, faces_.scheduler.wall()));
  switch (errand) {
    case Errand::kPoll: return on_polled(std::move(answer));
    case Errand::kTell: return on_told(answer);
    case Errand::kRegister: return on_registered(answer);
    case Errand::kDeregister: registration_.on_gone(); return proceed();
  }
}

void Member::on_contact() {
  if (!status_.connected) {
    log_info("the control plane answers", {{"url", show(settings_.urls[url_])}});
  }
  status_.connected = true;
  status_.why.clear();
  status_.last_contact = faces_.scheduler.wall();
  retry_.reset();
}

void Member::lose(const NoUse& no_use) {
  const Url& url = settings_.urls[url_];
  const bool named = no_use.why.starts_with(url.authority + ": ");
  const std::string why = named ? no_use.why : show(url) + ": " + no_use.why;
  if (status_.connected || status_.why.empty()) {
    log_warn("the control plane is of no use, what runs stays", {{"why", why}});
  }
  status_.connected = false;
  status_.why = why;
  url_ = (url_ + 1) % settings_.urls.size();
  client_.reset();
  if (registration_.leaving()) registration_.on_gone();  // its lease will end
  not_before_ = now() + retry_.next(no_use.retry_after);
  pause_until(not_before_);
}

void Member::on_polled(HttpAnswer answer) {
  if (answer.status == 200) return install(std::move(answer));
  if (answer.status != 304) return lose(no_use(answer, faces_.scheduler.wall()));
  on_unchanged();
}

// The plane has what was seen last. When that is what runs, what it could not be believed is past.
void Member::on_unchanged() {
  on_contact();
  if (seen_ == have_.sha256 && faces_.host.serving()) note_newest_runs();
  if (seen_ == std::exchange(no_place_for_, {})) seen_ = have_.sha256;
  proceed();
}

void Member::on_told(const HttpAnswer& answer) {
  if (!is_good(answer.status)) {
    log_warn("the control plane does not take what became of a file",
             {{"why", no_use(answer, faces_.scheduler.wall()).why}});
  }
  told_ = std::move(outcome_);
  outcome_.reset();
  on_contact();
  proceed();
}

void Member::on_registered(const HttpAnswer& answer) {
  if (answer.status == 200) {
    if (!registration_.present()) log_info("registered with the control plane");
    status_.unregistered.clear();
    registration_.on_accepted(answer.body, now());
    on_contact();
    return proceed();
  }
  const std::string why = no_use(answer, faces_.scheduler.wall()).why;
  if (status_.unregistered != why) {
    log_warn("this instance cannot be registered with the control plane", {{"why", why}});
  }
  status_.unregistered = why;
  registration_.on_refused(now());
  proceed();
}

void Member::install(HttpAnswer answer) {
  state_ = State::kInstalling;
  judged_hash_.clear();
  const auto job = std::make_shared<Installing>();
  job->answer = std::move(answer);
  faces_.background.run(
      [job, have = have_, seen = seen_, file = file_] {
        job->judged = judge_poll(std::move(job->answer), have, seen);
        const auto* const come = std::get_if<PlaneFile>(&job->judged);
        if (come != nullptr) job->installed = file.install(come->text);
      },
      [this, job] { on_installed(*job); });
}

void Member::on_installed(Installing& done) {
  if (state_ == State::kStopped) return;
  state_ = State::kIdle;
  if (const auto* const none = std::get_if<NoFile>(&done.judged)) {
    const PlaneFile file{"", none->sha256, none->version};
    refuse(file, none->why);
    return lose({none->why});
  }
  if (std::holds_alternative<Unchanged>(done.judged)) return on_unchanged();
  on_contact();
  PlaneFile& file = std::get<PlaneFile>(done.judged);
  seen_ = file.sha256;
  not_before_ = now();
  if (const auto* const bad = std::get_if<LocalFile::Bad>(&done.installed)) {
    refuse(file, bad->errors);
    return proceed();
  }
  if (const auto* const full = std::get_if<LocalFile::NoPlace>(&done.installed)) {
    no_place_for_ = file.sha256;
    refuse(file, full->why);
    return proceed();
  }
  replaced_ = std::move(std::get<LocalFile::Installed>(done.installed));
  coming_ = std::move(file);
  state_ = State::kGoingLive;
  timer_.arm(kGoLive);
  if (!judged_hash_.empty()) on_judged(std::string(judged_hash_), std::string(judged_errors_));
}

void Member::on_judged(const std::string& hash, const std::string& errors) {
  if (state_ == State::kInstalling) {
    judged_hash_ = hash;
    judged_errors_ = errors;
  }
  if (state_ != State::kGoingLive || hash != config::content_hash(coming_.text)) return;
  timer_.disarm();
  if (errors.empty()) return on_live();
  on_not_live(errors);
}

void Member::on_live() {
  have_ = std::move(coming_);
  replaced_ = {};
  note_newest_runs();
  rest();
}

void Member::note_newest_runs() {
  status_.refused.clear();
  tell(have_, "");
}

// The file that was there at the start is nobody's to put back.
void Member::on_not_live(const std::string& errors) {
  const bool came = coming_.sha256 != have_.sha256;
  status_.refused = errors;
  tell(coming_, errors);
  if (!came) {
    if (!faces_.host.serving()) faces_.host.on_no_file();
    return rest();
  }
  state_ = State::kPuttingBack;
  const auto failed = std::make_shared<std::string>();
  faces_.background.run(
      [failed, file = file_, before = std::move(replaced_)] {
        const auto back = file.put_back(before);
        if (!back) *failed = back.error().message;
      },
      [this, failed] {
        if (state_ == State::kStopped) return;
        if (!failed->empty()) {
          log_error("the file that was there before cannot be put back", {{"why", *failed}});
        }
        rest();
      });
}

void Member::refuse(const PlaneFile& file, const std::string& errors) {
  ++status_.rejected;
  status_.refused = errors;
  log_error("the control plane's file is refused, what runs stays",
            {{"sha256", file.sha256}, {"errors", errors}});
  if (!file.sha256.empty()) tell(file, errors);
}

void Member::tell(const PlaneFile& file, const std::string& error) {
  Outcome outcome{file.sha256, file.version,
                  std::string(first_line(error).substr(0, kLongestError))};
  if (told_ != outcome) outcome_ = std::move(outcome);
}

void Member::leave() {
  if (!registration_.open()) return;
  registration_.leave();
  if (!registration_.leaving()) return;
  const bool waits =
      state_ == State::kPausing || (state_ == State::kAsking && errand_ == Errand::kPoll);
  if (!waits) return;
  call_.reset();
  timer_.disarm();
  not_before_ = now();
  rest();
}

void Member::stop() {
  state_ = State::kStopped;
  call_.reset();
  client_.reset();
  timer_.disarm();
}

}  // namespace woad
