// A member with nothing real around it but a folder: the clock, the thread, the plane's bytes and
// what serves are played by the test.
#include "proxy/member/member.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>

#include "config/load.h"
#include "proxy/log/log.h"
#include "proxy/net/tls/digest.h"
#include "tests/support/folder.h"
#include "tests/upstream/fake_dialer.h"

namespace woad {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

// Does what it is asked at the end of the turn.
class TurnBackground final : public Background {
 public:
  void run(std::function<void()> work, std::function<void()> done) override {
    WOAD_ASSERT(done_ == nullptr);
    work();
    done_ = std::move(done);
  }
  bool finish() {
    if (done_ == nullptr) return false;
    std::exchange(done_, nullptr)();
    return true;
  }

 private:
  std::function<void()> done_;
};

class Through final : public Dialer {
 public:
  explicit Through(Dialer& dialer) : dialer_(dialer) {}
  std::unique_ptr<Dial> dial(const Address& address, const std::shared_ptr<const Channel>& channel,
                             DialSink& sink) override {
    return dialer_.dial(address, channel, sink);
  }

 private:
  Dialer& dialer_;
};

struct World final : test::PoolWorld, MemberHost {
  explicit World(const std::string& before = "", bool registers = false) {
    set_log_level("error");
    if (!before.empty()) folder.put("woad.yaml", before);
    MemberSettings settings;
    settings.urls = {*parse_url("http://cp-a"), *parse_url("http://cp-b")};
    settings.registers = registers;
    settings.advertised.host = "10.0.0.1";
    settings.service = "price";
    settings.instance = "price-1";
    const auto check = [](const std::string& path) -> Result<LocalFile::Node> {
      if (text_of(path).starts_with("bad")) return Error{path + ":1:1: is bad\n"};
      return LocalFile::Node{"price", "price-1"};
    };
    MemberHost& self = *this;
    member = std::make_unique<Member>(Member::Faces{scheduler, background, self},
                                      LocalFile(folder / "woad.yaml", check), settings, 1);
    member->start();
    settle();
  }
  ~World() {
    member.reset();
    turn();
  }

  void settle() {
    do {
      turn();
    } while (background.finish());
    if (!dialer.calls.empty() && dialer.calls.back().sink != nullptr && plane_is_there) {
      dialer.accept_last();
      turn();
    }
  }
  void wait(Duration time) {
    pass(time);
    settle();
  }
  // What the plane got since the last call.
  std::string asked() {
    settle();
    return dialer.calls.empty() || dialer.calls.back().peer == nullptr
               ? ""
               : dialer.calls.back().peer->take_received();
  }
  void answer(const std::string& bytes) {
    dialer.calls.back().peer->send(bytes);
    settle();
  }
  void give(const std::string& text, std::string sha256 = "") {
    if (sha256.empty()) sha256 = sha256_hex(text);
    answer("HTTP/1.1 200 OK\r\nx-woad-version: v1\r\netag: \"" + sha256 +
           "\"\r\ncontent-length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
  }
  void say(int status) {
    answer("HTTP/1.1 " + std::to_string(status) + " x\r\ncontent-length: 0\r\n\r\n");
  }
  void unchanged() { answer("HTTP/1.1 304 x\r\n\r\n"); }
  void judge(const std::string& text, const std::string& errors = "") {
    member->on_judged(config::content_hash(text), errors);
    settle();
  }
  std::string on_disk() const { return text_of(folder / "woad.yaml"); }
  // The first file came and is live; a poll waits.
  void begin_with(const std::string& text) {
    asked();
    give(text);
    serves = Serving{15006, {{"color", "red"}}};
    judge(text);
  }

  Result<std::unique_ptr<HttpClient>> connect(const Url& url) override {
    planes += url.host + " ";
    return std::make_unique<HttpClient>(scheduler, blocks, std::make_unique<Through>(dialer),
                                        HttpClientOptions{.origin = url});
  }
  bool outdated() const override { return std::exchange(rotated, false); }
  std::optional<Serving> serving() const override { return serves; }
  void on_good_file() override { told += "good "; }
  void on_no_file() override { told += "none "; }
  void on_no_way(const std::string& why) override { told += why; }

  test::Folder folder;
  TurnBackground background;
  std::optional<Serving> serves;
  mutable bool rotated = false;
  bool plane_is_there = true;
  std::string planes;  // connect()
  std::string told;
  std::unique_ptr<Member> member;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("member: the first file comes, goes live and is told of") {
  World world;
  CHECK(world.told == "none ");
  const std::string poll = world.asked();
  CHECK(poll.starts_with("GET /v1/config/price?instance=price-1&have=&wait="));
  CHECK(has(poll, "accept-encoding: zstd\r\n"));
  world.give("one");
  CHECK(world.on_disk() == "one");
  CHECK(world.asked() == "");
  world.judge("another file");
  CHECK(world.asked() == "");
  world.judge("one");
  const std::string status = world.asked();
  CHECK(status.starts_with("POST /v1/status/price/price-1 "));
  CHECK(has(status, R"("result":"applied")"));
  CHECK(has(status, sha256_hex("one")));
  CHECK(has(status, R"("version":"v1")"));
  world.say(204);
  const std::string next = world.asked();
  CHECK(has(next, "have=" + sha256_hex("one") + "&wait=55s "));
  CHECK(has(next, "available-dictionary: :"));
  CHECK(world.member->status().connected);
  CHECK(world.planes == "cp-a ");
}

TEST_CASE("member: last known good") {
  World world("old");
  CHECK(world.told == "good ");
  CHECK(world.asked() == "");
  world.judge("old");
  CHECK(has(world.asked(), R"("result":"applied")"));
  world.say(204);
  CHECK(has(world.asked(), "have=" + sha256_hex("old")));
  world.unchanged();
  world.wait(seconds(1));
  CHECK(has(world.asked(), "GET "));
  CHECK(world.on_disk() == "old");
}

TEST_CASE("member: a file that was good and cannot go live at the start") {
  World world("old");
  world.judge("old", "address in use");
  CHECK(world.told == "good none ");
  CHECK(world.on_disk() == "old");
  CHECK(has(world.asked(), R"("result":"rejected")"));
}

TEST_CASE("member: a file that does not load at the start") {
  World world("bad");
  CHECK(world.told == "none ");
  CHECK(has(world.asked(), "have=&"));
  CHECK(text_of(world.folder / "woad.yaml.bad") == "bad");
}

TEST_CASE(
    "member: a file for which there is no place is told of, and asked for again after a poll") {
  World world;
  world.begin_with("one");
  world.asked();
  world.say(204);
  world.asked();
  const std::string draft = world.folder / "woad.yaml.draft";
  std::filesystem::create_directory(draft);
  world.give("two");
  CHECK(world.on_disk() == "one");
  CHECK(has(world.asked(), R"("result":"rejected")"));
  world.say(204);
  CHECK(has(world.asked(), "have=" + sha256_hex("two")));
  std::filesystem::remove(draft);
  world.unchanged();
  world.wait(seconds(1));
  CHECK(has(world.asked(), "have=" + sha256_hex("one")));
  world.give("two");
  world.judge("two");
  CHECK(world.on_disk() == "two");
  CHECK(has(world.asked(), R"("result":"applied")"));
  CHECK(world.member->status().refused.empty());
}

TEST_CASE("member: a file that does not hold is told of, seen, and nothing else") {
  World world;
  world.begin_with("one");
  world.asked();
  world.say(204);
  world.asked();
  world.give("bad");
  const std::string status = world.asked();
  CHECK(has(status, R"("result":"rejected")"));
  CHECK(has(status, "woad.yaml:1:1: is bad"));
  CHECK(world.on_disk() == "one");
  CHECK(world.member->status().rejected == 1);
  CHECK(has(world.member->status().refused, "is bad"));
  world.say(204);
  const std::string poll = world.asked();
  CHECK(has(poll, "have=" + sha256_hex("bad")));
  world.give("two");
  world.judge("two");
  CHECK(world.member->status().refused.empty());
}

TEST_CASE("member: one that cannot go live is undone") {
  World world;
  world.begin_with("one");
  world.asked();
  world.say(204);
  world.asked();
  world.give("two");
  CHECK(world.on_disk() == "two");
  SUBCASE("because it is refused") { world.judge("two", "address in use\nmore\n"); }
  SUBCASE("because it does not come to run") { world.wait(Member::kGoLive); }
  CHECK(world.on_disk() == "one");
  const std::string status = world.asked();
  CHECK(has(status, R"("result":"rejected")"));
  CHECK_FALSE(has(status, "more"));
  CHECK(world.member->status().rejected == 0);  // the reload counts
  world.say(204);
  CHECK(has(world.asked(), "have=" + sha256_hex("two")));
}

TEST_CASE("member: answers of no use change nothing, and the other plane is asked") {
  struct Row {
    std::string answer;
    std::string why;
  };
  const Row rows[] = {
      {"HTTP/1.1 403 x\r\ncontent-length: 7\r\n\r\nnot you", "403: not you"},
      {"HTTP/1.1 404 x\r\ncontent-length: 0\r\n\r\n", "404"},
      {"HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n", "500"},
      {"HTTP/1.1 302 x\r\nlocation: http://x/\r\ncontent-length: 0\r\n\r\n", "redirects"},
      {"HTTP/1.1 200 x\r\ncontent-length: 3\r\n\r\ntwo", "ETag"},
      {"SSH-2.0\r\n\r\n", "cp-a"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    World world;
    world.begin_with("one");
    world.asked();
    world.say(204);
    world.asked();
    world.answer(row.answer);
    world.settle();
    if (world.member->status().connected) {  // what was kept died of its age: asked once more
      world.asked();
      world.answer(row.answer);
    }
    const MemberStatus status = world.member->status();
    CHECK_FALSE(status.connected);
    CHECK(has(status.why, row.why));
    CHECK(world.on_disk() == "one");
    CHECK(world.planes == "cp-a ");
    world.wait(RetryWait::kFirst);
    CHECK(world.planes == "cp-a cp-b ");
    CHECK(has(world.asked(), "&wait=1s "));
    world.unchanged();
    CHECK(world.member->status().connected);
    CHECK(world.member->status().why.empty());
  }
}

TEST_CASE("member: Retry-After is heeded") {
  World world;
  world.asked();
  world.answer("HTTP/1.1 503 x\r\nretry-after: 25\r\ncontent-length: 0\r\n\r\n");
  world.wait(seconds(24));
  CHECK(world.planes == "cp-a ");
  world.wait(seconds(5));
  CHECK(world.planes == "cp-a cp-b ");
}

TEST_CASE("member: a Retry-After that is none, or absurd, keeps nobody from asking again") {
  for (const char* value : {"-1", "-9999999999999999999999", "soon", "99999999999999",
                            "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"}) {
    CAPTURE(value);
    World world;
    world.asked();
    world.answer("HTTP/1.1 503 x\r\nretry-after: " + std::string(value) +
                 "\r\ncontent-length: 0\r\n\r\n");
    world.wait(seconds(34));
    CHECK(world.planes == "cp-a cp-b ");
  }
}

TEST_CASE(
    "member: a hash that is not the body's is refused and told, and the file is asked for again") {
  World world;
  world.begin_with("one");
  world.asked();
  world.say(204);
  world.asked();
  const std::string other(64, 'a');
  world.give("two", other);
  CHECK(world.on_disk() == "one");
  world.wait(RetryWait::kFirst);
  const std::string status = world.asked();
  CHECK(has(status, other));
  CHECK(has(status, R"("result":"rejected")"));
  world.say(204);
  CHECK(has(world.asked(), "have=" + sha256_hex("one")));
}

TEST_CASE(
    "member: a refusal is over when the plane has what runs, not when it has what was refused") {
  for (const bool lying : {true, false}) {
    CAPTURE(lying);
    World world;
    world.begin_with("one");
    world.asked();
    world.say(204);
    world.asked();
    world.give("bad", lying ? std::string(64, 'a') : "");
    world.wait(RetryWait::kFirst);
    CHECK(has(world.asked(), R"("result":"rejected")"));
    world.say(204);
    CHECK(has(world.asked(), "have=" + sha256_hex(lying ? "one" : "bad")));
    CHECK_FALSE(world.member->status().refused.empty());
    world.unchanged();
    CHECK(world.member->status().refused.empty() == lying);
    world.wait(RetryWait::kFirst);
    CHECK(has(world.asked(), R"("result":"applied")") == lying);
  }
}

TEST_CASE("member: an answer that does not come in time") {
  World world;
  world.begin_with("one");
  world.asked();
  world.say(204);
  world.asked();
  world.wait(Member::kLongestPoll + Member::kPatience - seconds(1));
  CHECK(world.member->status().connected);
  world.wait(seconds(2));
  CHECK_FALSE(world.member->status().connected);
  CHECK(has(world.member->status().why, "no answer within"));
}

TEST_CASE("member: planes that answer at once are no reason to spin") {
  World world;
  world.begin_with("one");
  world.asked();
  world.say(204);
  world.asked();
  for (int i = 0; i < 3; ++i) {
    world.unchanged();
    CHECK(world.asked() == "");
    world.wait(Member::kShortestPoll);
    CHECK(has(world.asked(), "GET "));
    world.give("one");  // what it has
    CHECK(world.asked() == "");
    world.wait(Member::kShortestPoll);
    CHECK(has(world.asked(), "GET "));
  }
}

TEST_CASE("member: certificates that were replaced open another connection") {
  World world;
  world.asked();
  world.rotated = true;
  world.give("one");
  world.judge("one");
  CHECK(world.planes == "cp-a cp-a ");
}

TEST_CASE("member: registers when something serves, beats, and leaves though a poll waits") {
  World world("", true);
  CHECK(has(world.asked(), "GET "));
  world.give("one");
  world.serves = Serving{15006, {{"color", "red"}}};
  world.judge("one");
  CHECK(has(world.asked(), "POST /v1/status"));
  world.say(204);
  std::string registration = world.asked();
  CHECK(registration.starts_with("PUT /v1/instances/price/price-1 "));
  CHECK(has(registration, R"({"address":"10.0.0.1:15006","labels":{"color":"red"}})"));
  world.answer("HTTP/1.1 200 x\r\ncontent-length: 19\r\n\r\n{\"heartbeat\":\"10s\"}");
  const std::string poll = world.asked();
  CHECK(has(poll, "GET "));
  CHECK((has(poll, "wait=7s") || has(poll, "wait=8s") || has(poll, "wait=9s")));
  world.wait(seconds(10));
  world.unchanged();
  CHECK(has(world.asked(), "PUT "));
  world.answer("HTTP/1.1 200 x\r\ncontent-length: 2\r\n\r\n{}");
  CHECK(has(world.asked(), "GET "));
  world.member->leave();
  CHECK(world.asked().starts_with("DELETE /v1/instances/price/price-1 "));
  world.say(204);
  world.wait(seconds(1));
  CHECK(has(world.asked(), "wait=55s"));
}

TEST_CASE("member: a registration that is refused is tried again, and files come all the same") {
  World world("", true);
  world.begin_with("one");
  world.asked();
  world.say(204);
  CHECK(has(world.asked(), "PUT "));
  world.answer("HTTP/1.1 409 x\r\ncontent-length: 5\r\n\r\ntaken");
  CHECK(has(world.member->status().unregistered, "409: taken"));
  CHECK(has(world.asked(), "GET "));
  world.wait(Registration::kAgain);
  world.unchanged();
  CHECK(has(world.asked(), "PUT "));
  world.answer("HTTP/1.1 200 x\r\ncontent-length: 2\r\n\r\n{}");
  CHECK(world.member->status().unregistered.empty());
}

TEST_CASE("member: stopped, it asks nothing") {
  World world;
  world.asked();
  world.member->stop();
  world.wait(hours(1));
  CHECK(world.asked() == "");
}

}  // namespace
}  // namespace woad
