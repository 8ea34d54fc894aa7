// The sidecar's side of a control plane: asks for its file, forever, and says what became of it.
//
//   starting ──▶ idle ⇄ asking ──(a file came)──▶ installing ──▶ going live ──▶ idle
//                 ▲ └──▶ pausing                                    │ it cannot: putting back
//                 └───────┘                                         └──────────▶ idle
// and from each of them, by stop(): stopped.
//
// One thing at a time over one connection: a poll, what became of a file, a heartbeat. So a poll
// waits at the plane no longer than to the next heartbeat. Nothing that a plane says, or does not
// say, touches what runs but a file that was checked, and that comes to run as any other that is
// put in place of woad.yaml: by the watch on it. Control loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proxy/base/random.h"
#include "proxy/base/scheduler.h"
#include "proxy/client/http_client.h"
#include "proxy/member/local_file.h"
#include "proxy/member/plane_answer.h"
#include "proxy/member/registration.h"
#include "proxy/member/retry_wait.h"
#include "proxy/member/settings.h"
#include "proxy/net/background.h"

namespace woad {

// The sidecar, as far as a member needs it. Called on the control loop.
class MemberHost {
 public:
  // The error: why not, such as certificates that are not there.
  virtual Result<std::unique_ptr<HttpClient>> connect(const Url& url) = 0;
  // The client of the latest connect() has certificates that were replaced.
  virtual bool outdated() const = 0;
  // Nothing: not ready.
  virtual std::optional<Serving> serving() const = 0;
  // The file that is there loads: serve by it. What comes of it is told by Member::on_judged().
  virtual void on_good_file() = 0;
  // There is none that can be served by: the first is to come.
  virtual void on_no_file() = 0;
  // There is no way to begin.
  virtual void on_no_way(const std::string& why) = 0;

 protected:
  ~MemberHost() = default;
};

// For admin.
struct MemberStatus {
  bool connected = false;
  std::string url;                         // the plane that is asked
  std::string why;                         // not connected: why; "" before the first try
  std::optional<WallTime> last_contact{};  // of the last good answer
  std::string refused;       // why the newest file is not served by; "": it is, or none came
  uint64_t rejected = 0;     // files that were refused before they went live
  std::string unregistered;  // why the plane does not take our registration; ""
};

class Member {
 public:
  static constexpr Duration kLongestPoll = seconds(55);
  static constexpr Duration kFirstPoll = seconds(1);
  // An answer that is later than what the plane was to wait counts as none.
  static constexpr Duration kPatience = seconds(15);
  // Between polls that brought nothing: a plane that answers at once is no reason to spin.
  static constexpr Duration kShortestPoll = seconds(1);
  // For a file to come to run, names that are resolved included.
  static constexpr Duration kGoLive = seconds(30);

  struct Faces {
    Scheduler& scheduler;
    Background& background;
    MemberHost& host;
  };

  // All outlive it.
  Member(const Faces& faces, LocalFile file, MemberSettings settings, uint64_t seed);
  ~Member();

  // Once.
  void start();
  // A file came to run (""), or was refused. `hash`: config::content_hash of it.
  void on_judged(const std::string& hash, const std::string& errors);
  // No one is to come here any more: deregisters. Files are taken all the same.
  void leave();
  void stop();

  MemberStatus status() const;

 private:
  enum class State : uint8_t {
    kStarting,
    kIdle,
    kPausing,
    kAsking,
    kInstalling,
    kGoingLive,
    kPuttingBack,
    kStopped
  };
  enum class Errand : uint8_t { kPoll, kTell, kRegister, kDeregister };

  // What is to be told of a file.
  struct Outcome {
    std::string sha256;
    std::string version;
    std::string error;  // "": applied
    bool operator==(const Outcome&) const = default;
  };
  struct Installing;

  MonoTime now() const { return faces_.scheduler.now(); }
  void on_found(Result<LocalFile::Found> found, std::string sha256);
  void proceed();
  void rest();
  void pause_until(MonoTime time);
  void on_timer();
  Errand next_errand() const;
  bool may_register() const;
  Duration wait_of_poll() const;
  HttpRequest request_of(Errand errand) const;
  void ask(Errand errand);
  void on_answer(Errand errand, HttpAnswer answer);
  void on_polled(HttpAnswer answer);
  void on_told(const HttpAnswer& answer);
  void on_registered(const HttpAnswer& answer);
  void on_contact();
  void lose(const NoUse& no_use);
  void install(HttpAnswer answer);
  void on_installed(Installing& done);
  void on_live();
  void on_unchanged();
  void note_newest_runs();
  void on_not_live(const std::string& errors);
  void refuse(const PlaneFile& file, const std::string& errors);
  void tell(const PlaneFile& file, const std::string& error);
  std::string path_of(const std::string& what, bool with_instance) const;

  Faces faces_;
  const LocalFile file_;
  MemberSettings settings_;
  Random random_;
  RetryWait retry_{random_};
  Registration registration_{random_};
  State state_ = State::kStarting;
  PlaneFile have_;    // on the disk
  std::string seen_;  // sha256 of the last file that came; "": none
  // Of one for which there was no place here: after a poll it is asked for again. "": none
  std::string no_place_for_;
  PlaneFile coming_;  // in kGoingLive and kPuttingBack
  LocalFile::Installed replaced_;
  // Told while the file was put in place, so perhaps of it.
  std::string judged_hash_;
  std::string judged_errors_;
  std::optional<Outcome> outcome_;  // to be told
  std::optional<Outcome> told_;     // last
  size_t url_ = 0;
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<HttpCall> call_;
  Errand errand_ = Errand::kPoll;  // in kAsking
  MonoTime not_before_{};          // the next call
  MemberStatus status_;
  Timer timer_;
};

}  // namespace woad
