#include "proxy/web/connection.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "proxy/http/detect.h"
#include "tests/support/memory_transport.h"

namespace woad {
namespace {

constexpr size_t kMostOfBody = size_t{64} * 1024;

// A handler whose answers come when the test says so, and a connection to it over memory.
class Harness final : public WebHost, public WebHandler {
 public:
  explicit Harness(WebCaller caller = {}) {
    connection_ = new WebConnection(*this, WebConnection::Protocols::kByFirstBytes,
                                    std::move(caller), peer.connect());
    connection_->start();
  }
  ~Harness() {
    scheduler.end_turn();
    end_process();
  }

  std::unique_ptr<WebPending> answer(WebRequest request, Done done) override {
    paths.emplace_back(request.head.path);
    bodies.push_back(std::move(request.body));
    callers.push_back(request.caller.id);
    if (later) {
      waiting.push_back(std::move(done));
      return std::make_unique<Waiter>(*this);
    }
    WebResponse answer{.status = response.status,
                       .body = response.body,
                       .shared = response.shared,
                       .stream = std::move(response.stream),
                       .headers = response.headers,
                       .last = response.last};
    done(std::move(answer));
    return nullptr;
  }
  WebHandler& handler() override { return *this; }
  CodecContext codec_context() override { return {scheduler, blocks, hostile_}; }
  ArenaPool& arenas() override { return arenas_; }
  size_t most_of_body() const override { return kMostOfBody; }
  bool take_memory(size_t) override { return true; }
  void release_memory(size_t) override {}
  void on_closed(WebConnection& connection) override {
    connection_ = nullptr;
    scheduler.defer_delete(std::unique_ptr<Deferred>(&connection));
  }

  std::string send(std::string_view bytes) {
    peer.send(bytes);
    return turn();
  }
  std::string turn() {
    scheduler.end_turn();
    return peer.take_received();
  }
  // As the server's destructor does: outside a turn, whatever runs.
  void end_process() {
    delete std::exchange(connection_, nullptr);
    scheduler.end_turn();
  }
  bool ended() const { return connection_ == nullptr; }
  WebConnection& connection() { return *connection_; }

  Scheduler scheduler{MonoTime(seconds(1000))};
  BlockPool blocks;
  MemoryPeer peer{scheduler, blocks};
  WebResponse response{.body = "ok\n"};
  bool later = false;
  std::vector<Done> waiting;
  int pending = 0;
  std::vector<std::string> paths;
  std::vector<std::string> bodies;
  std::vector<std::string> callers;

 private:
  struct Waiter final : WebPending {
    explicit Waiter(Harness& of) : harness(of) { ++harness.pending; }
    ~Waiter() override { --harness.pending; }
    Harness& harness;
  };

  ArenaPool arenas_{2048};
  uint64_t hostile_[kHostileCount] = {};
  WebConnection* connection_ = nullptr;
};

constexpr std::string_view kGet = "GET /x?y=1 HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_CASE("requests on one connection, with who asks and the fields of the answer") {
  Harness harness({WebCaller::Kind::kWorkload, "spiffe://example.org/ns/shop/sa/cart"});
  harness.response.headers = {{"etag", "\"ab\""}, {"retry-after", "3"}};
  for (int i = 0; i < 3; ++i) {
    const std::string answer = harness.send(kGet);
    CHECK(answer.starts_with("HTTP/1.1 200 "));
    CHECK(answer.find("etag: \"ab\"\r\n") != std::string::npos);
    CHECK(answer.find("retry-after: 3\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\nok\n"));
  }
  CHECK(harness.callers.back() == "spiffe://example.org/ns/shop/sa/cart");
  CHECK(harness.paths.back() == "/x?y=1");
}

TEST_CASE("a body comes whole, byte by byte too") {
  Harness harness;
  harness.peer.send_in_pieces("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 1);
  CHECK(harness.turn().starts_with("HTTP/1.1 200 "));
  CHECK(harness.bodies.back() == "hello");
}

TEST_CASE("a body that is too large is refused before it comes, or as soon as it is known") {
  const std::string fits(kMostOfBody, ' ');
  const std::string one_more = fits + ' ';
  struct Case {
    const char* method;
    std::string fields;
    std::string body;
    bool taken;
  };
  for (const Case& each :
       {Case{"PUT", "Content-Length: 65536", fits, true},
        Case{"POST", "Content-Length: 65537", "", false},
        Case{"PUT", "Content-Length: 1000000000000", "", false},
        Case{"POST", "Content-Length: 1000000000000\r\nExpect: 100-continue", "", false},
        Case{"POST", "Transfer-Encoding: chunked", "10001\r\n" + one_more, false},
        Case{"DELETE", "Content-Length: 65537", "", false}}) {
    CAPTURE(each.method);
    CAPTURE(each.fields);
    Harness harness;
    const std::string answer =
        harness.send(std::string(each.method) + " /x HTTP/1.1\r\nHost: a\r\n" + each.fields +
                     "\r\n\r\n" + each.body);
    if (each.taken) {
      CHECK(answer.starts_with("HTTP/1.1 200 "));
      continue;
    }
    CHECK(answer.starts_with("HTTP/1.1 413 "));
    CHECK(answer.find("x-woad-error: bad_request\r\n") != std::string::npos);
    CHECK(answer.find("connection: close\r\n") != std::string::npos);
    CHECK(answer.ends_with("bad_request: the body is over 64 KiB.\n"));
    CHECK(harness.bodies.empty());
  }
}

TEST_CASE("statuses without a body have none, and no type") {
  for (const int status : {204, 304}) {
    Harness harness;
    harness.response = {.status = status, .body = "ignored"};
    const std::string answer = harness.send(kGet);
    CHECK(answer.starts_with("HTTP/1.1 " + std::to_string(status)));
    CHECK(answer.ends_with("\r\n\r\n"));
    CHECK(answer.find("content-type:") == std::string::npos);
    CHECK(answer.find("content-length:") == std::string::npos);
  }
}

TEST_CASE("an answer that comes later, and a client that goes before it") {
  Harness harness;
  harness.later = true;
  CHECK(harness.send(kGet).empty());
  CHECK(harness.pending == 1);
  harness.waiting.back()({.body = "late\n"});
  CHECK(harness.turn().ends_with("late\n"));
  CHECK(harness.pending == 0);

  CHECK(harness.send(kGet).empty());
  CHECK(harness.pending == 1);
  harness.peer.lose();
  harness.scheduler.end_turn();
  CHECK(harness.pending == 0);
  CHECK(harness.ended());
  harness.waiting.back()({.body = "nobody hears it"});
}

TEST_CASE("the last answer closes, and so does a drain with the present one") {
  Harness last;
  last.response.last = true;
  CHECK(last.send(kGet).find("connection: close\r\n") != std::string::npos);
  CHECK(last.ended());

  Harness drained;
  drained.later = true;
  drained.send(kGet);
  drained.connection().drain();
  CHECK_FALSE(drained.ended());
  drained.waiting.back()({.body = "x"});
  CHECK(drained.turn().find("connection: close\r\n") != std::string::npos);
  CHECK(drained.ended());
}

TEST_CASE("a body for many is held once, and a client that takes nothing is not read from") {
  Harness harness;
  const std::string text(600'000, 'x');
  harness.response.shared = share_body(harness.blocks, text);
  CHECK(harness.send(kGet).ends_with(text));

  harness.peer.accept(0);
  harness.send(kGet);
  CHECK(harness.peer.held(Hold::kBacklog));
  harness.peer.accept(SIZE_MAX);
  CHECK_FALSE(harness.peer.held(Hold::kBacklog));
  CHECK(harness.turn().ends_with(text));

  harness.peer.accept(0);
  harness.send(kGet);
  harness.scheduler.advance(harness.scheduler.now() + WebConnection::kStallTimeout + seconds(1));
  harness.scheduler.end_turn();
  CHECK(harness.ended());
  CHECK(harness.peer.was_reset());
}

// A body whose pieces the test gives.
class Pieces final : public WebBody {
 public:
  struct Given {
    std::string text;
    bool over = false;
    std::function<void()> on_more{};
    bool alive = false;
  };
  explicit Pieces(Given& given) : given_(given) { given_.alive = true; }
  ~Pieces() override { given_.alive = false; }
  void start(Scheduler&, std::function<void()> on_more) override {
    given_.on_more = std::move(on_more);
  }
  bool read(std::string& out) override {
    out += std::exchange(given_.text, {});
    return !given_.over;
  }

 private:
  Given& given_;
};

TEST_CASE("a streamed answer goes on until its end, its client's or the process's") {
  enum class End { kBody, kClient, kLost, kProcess };
  for (const End how : {End::kBody, End::kClient, End::kLost, End::kProcess}) {
    CAPTURE(static_cast<int>(how));
    Pieces::Given given{.text = "one"};
    Harness harness;
    harness.response.stream = std::make_unique<Pieces>(given);
    const std::string head = harness.send(std::string(kGet) + "and what comes behind it");
    CHECK(head.find("connection: close\r\n") != std::string::npos);
    CHECK(head.ends_with("\r\n\r\n3\r\none\r\n"));
    given.text = "more";
    given.on_more();
    CHECK(harness.turn() == "4\r\nmore\r\n");
    CHECK_FALSE(harness.peer.reading_held());
    switch (how) {
      case End::kBody:
        given.over = true;
        given.on_more();
        break;
      case End::kClient: harness.peer.send_eof(); break;
      case End::kLost: harness.peer.lose(); break;
      case End::kProcess: harness.end_process(); break;
    }
    CHECK(harness.turn() == (how == End::kLost ? "" : "0\r\n\r\n"));
    CHECK(harness.ended());
    harness.scheduler.end_turn();
    CHECK_FALSE(given.alive);
  }
}

TEST_CASE("HEAD of a streamed answer has no body, and its connection goes on") {
  Pieces::Given given{.text = "one"};
  Harness harness;
  harness.response.stream = std::make_unique<Pieces>(given);
  CHECK(harness.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("\r\n\r\n"));
  CHECK(harness.send(kGet).ends_with("ok\n"));
}

TEST_CASE("the process ends while an answer is due") {
  Harness harness;
  harness.later = true;
  CHECK(harness.send(kGet).empty());
  harness.end_process();
  CHECK(harness.peer.closed());
  CHECK(harness.pending == 0);
  harness.waiting.back()({.body = "nobody hears it"});
  CHECK(harness.turn().empty());
}

TEST_CASE("HTTP/2 in plaintext is known by its first bytes, however they come") {
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{1000}}) {
    Harness harness;
    const std::string settings("\0\0\0\4\0\0\0\0\0", 9);
    harness.peer.send_in_pieces(std::string(kHttp2Preface) + settings, piece);
    const std::string answer = harness.turn();
    REQUIRE(answer.size() > 9);
    CHECK(answer[3] == 4);  // SETTINGS
    CHECK_FALSE(harness.ended());
  }
}

TEST_CASE("a broken request is answered") {
  Harness harness;
  const std::string answer = harness.send("GET /x HTTP/1.1\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 400 "));
  CHECK(answer.find("x-woad-error: bad_request\r\n") != std::string::npos);
  CHECK(harness.ended());
}

}  // namespace
}  // namespace woad
