// Thousands of files, written at random times by a clock that the test moves: what runs, and what
// is said about it, is always of the file that is there.
#include <doctest/doctest.h>

#include <algorithm>

#include "proxy/base/random.h"
#include "tests/server/rollout_rig.h"

namespace woad::test {
namespace {

constexpr int kWrites = 10'000;

class History : public RolloutRig {
 public:
  explicit History(uint64_t seed) : RolloutRig(good("A")), random_(seed) {
    start();
    judged_ = served_text_ = file.text;
  }

  // One of the files, the same again among them.
  void write_one() {
    written_at_ = scheduler.now();
    write(texts_[random_.below(3)]);
  }

  // In steps at which what is under way gets on, or takes its time.
  void live(Duration time) {
    const MonoTime end = scheduler.now() + time;
    while (scheduler.now() < end) {
      const MonoTime step = scheduler.now() + milliseconds(1 + random_.below(200));
      scheduler.advance(std::min({end, step, scheduler.timers().next_due()}));
      if (random_.below(400) == 0) rollout.read_file();  // a signal
      if (random_.below(400) == 0) rollout.on_certificates_changed();
      if (random_.below(400) == 0 && is_asked()) name_server.fail(kName);
      if (random_.below(3) > 0) get_on();
      check();
    }
  }

  // Whatever needs no more than the pause between two loads.
  void catch_up() {
    const MonoTime end = scheduler.now() + Rollout::kPause * 2;
    while (scheduler.now() < end) {
      while (background.busy() || workers.busy()) get_on();
      scheduler.advance(scheduler.now() + milliseconds(5));
    }
    while (background.busy() || workers.busy()) get_on();
    check();
  }

  // With nothing under way but the wait for a name.
  void check_caught_up() {
    CHECK(judged_ == file.text);
    const bool waits = scheduler.now() - written_at_ < NameService::kPatience + seconds(1);
    if (file.text == texts_[0]) CHECK(served_text_ == texts_[0]);
    if (file.text == texts_[1]) CHECK((served_text_ == texts_[1] || (waits && is_asked())));
    if (file.text == texts_[2]) CHECK(served_text_ != texts_[2]);
  }

 private:
  static constexpr const char* kName = "late.shop";

  bool is_asked() const { return name_server.asked.count(kName) != 0; }

  void get_on() {
    if (background.busy()) {
      const int reads = file.reads;
      background.begin();
      if (file.reads > reads) reading_ = file.text;
      if (random_.below(3) > 0) finish_load();
    } else if (workers.busy() && random_.below(3) > 0) {
      const bool another = workers.coming->hash != workers.serving->hash;
      if (another) served_text_ = text_of(workers.coming->hash);
      workers.finish();
      successes_ += another ? 1 : 0;
    }
  }

  std::string text_of(const std::string& hash) const {
    return *std::find_if(std::begin(texts_), std::end(texts_), [&](const std::string& text) {
      return config::content_hash(text) == hash;
    });
  }

  void finish_load() {
    const int adoptions = workers.adoptions;
    background.finish();
    if (workers.adoptions > adoptions && workers.coming->hash != workers.serving->hash) {
      CHECK(workers.coming->hash == config::content_hash(file.text));  // none that was taken back
    }
    if (reading_.empty()) return;
    judged_ = std::exchange(reading_, "");
    rejections_ += judged_ == texts_[2] ? 1 : 0;
    unchanged_ += judged_ == served_text_ ? 1 : 0;
  }

  void check() {
    const ConfigStatus& status = rollout.status();
    CHECK(rollout.snapshot() == workers.serving);
    CHECK(status.hash == config::content_hash(served_text_));
    CHECK(status.version == workers.serving->version);
    CHECK(status.last_error.empty() == (judged_ != texts_[2]));
    CHECK(status.reloads_success == successes_);
    CHECK(status.reloads_rejected == rejections_);
    CHECK(status.reloads_unchanged == unchanged_);
  }

  const std::string texts_[3] = {good("A"), named("B", kName), broken()};
  Random random_;
  MonoTime written_at_{};
  std::string reading_;      // what the load under way has read; "" when it reads nothing
  std::string judged_;       // what was read last, and its load is over
  std::string served_text_;  // what all workers have
  uint64_t successes_ = 0;
  uint64_t rejections_ = 0;
  uint64_t unchanged_ = 0;
};

TEST_CASE("rollout: ten thousand files, two good and one broken, one of them with a late name") {
  History history(20261128);
  Random random(1);
  for (int i = 0; i < kWrites; ++i) {
    history.write_one();
    history.live(milliseconds(random.below(6'000)));
    if (random.below(2) == 0) continue;
    history.catch_up();
    history.check_caught_up();
  }
}

}  // namespace
}  // namespace woad::test
