#include "proxy/control/store/kubernetes/watch.h"

#include <doctest/doctest.h>

#include <vector>

#include "proxy/base/json.h"
#include "tests/client/fake_asker.h"
#include "tests/control/store/kubernetes/samples.h"

namespace woad::control::kubernetes {
namespace {

struct World final : ObjectSink, WatchOwner {
  explicit World(WatchedKind kind = {.path = "/api/v1/pods"})
      : watch(scheduler, asker, random, std::move(kind), *this, *this) {
    watch.start();
  }

  void on_list() override { heard.push_back("list"); }
  void on_listed() override { heard.push_back("listed"); }
  void on_object(const Meta& meta, const Json&) override { heard.push_back("+" + meta.name.name); }
  void on_deleted(const Meta& meta) override { heard.push_back("-" + meta.name.name); }
  void on_moved() override {}
  void on_trouble(const Watch&, const std::string& why) override { troubles.push_back(why); }

  std::vector<std::string> take() { return std::exchange(heard, {}); }
  void pass(Duration time) { scheduler.advance(scheduler.now() + time); }
  const std::string& target() { return asker.last().request.target; }
  void answer(std::string page) { asker.last().answer(200, json_text(std::move(page))); }
  void list_and_watch() {
    answer("{'metadata': {'resourceVersion': '7'}, 'items': []}");
    asker.last().head();
    heard.clear();
    troubles.clear();
  }
  void say(std::string_view bytes) { asker.last().sink->on_body(bytes); }
  static std::string json_text(std::string words) {
    return json_line(test::json(std::move(words)));
  }
  static std::string event(std::string_view type, std::string_view name, int version) {
    return json_line(Json{{"type", type}, {"object", test::object("shop", name, version, "{}")}}) +
           "\n";
  }

  Scheduler scheduler{MonoTime(seconds(1000))};
  woad::test::FakeAsker asker;
  Random random{1};
  std::vector<std::string> heard;
  std::vector<std::string> troubles;
  Watch watch;
};

using Words = std::vector<std::string>;

TEST_CASE("Watch: a list in pages, then a watch from its version on") {
  World world({.path = "/api/v1/configmaps", .selector = "woad.dev/document in (mesh,service)"});
  const std::string selector = "&labelSelector=woad.dev%2Fdocument%20in%20%28mesh%2Cservice%29";
  CHECK(world.target() == "/api/v1/configmaps?limit=500" + selector);
  CHECK(world.asker.last().header("accept") == "application/json");
  world.answer(
      "{'metadata': {'resourceVersion': '7', 'continue': 'a+b'}, 'items': "
      "[{'metadata': {'name': 'a', 'resourceVersion': '3'}}]}");
  CHECK_FALSE(world.watch.listed());
  CHECK(world.target() == "/api/v1/configmaps?limit=500" + selector + "&continue=a%2Bb");
  world.answer(
      "{'metadata': {'resourceVersion': '7'}, 'items': "
      "[{'metadata': {'name': 'b', 'resourceVersion': '5'}}]}");
  CHECK(world.watch.listed());
  CHECK(world.watch.version() == 7);
  CHECK(world.take() == Words{"list", "+a", "+b", "listed"});
  const std::string target = world.target();
  CHECK(
      target.starts_with("/api/v1/configmaps?watch=true&allowWatchBookmarks=true"
                         "&resourceVersion=7&timeoutSeconds="));
  CHECK(target.ends_with(selector));
  CHECK(world.asker.last().request.timeout >= Watch::kStream + Watch::kGrace);
  CHECK(world.troubles.empty());
  world.asker.last().head();
  CHECK(world.troubles == Words{""});
}

TEST_CASE("Watch: of what only metadata matter, nothing else is asked for") {
  World world({.path = "/api/v1/pods", .metadata_alone = true});
  CHECK(world.asker.last().header("accept") ==
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json");
  world.list_and_watch();
  CHECK(world.asker.last().header("accept") ==
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
}

TEST_CASE("Watch: events in any pieces") {
  const std::string all = World::event("ADDED", "a", 8) + World::event("MODIFIED", "b", 9) + "\n" +
                          World::event("DELETED", "a", 10) + World::event("BOOKMARK", "", 15);
  for (size_t piece : {size_t{1}, size_t{7}, size_t{100}, all.size()}) {
    World world;
    world.list_and_watch();
    for (size_t at = 0; at < all.size(); at += piece) world.say(all.substr(at, piece));
    CHECK(world.take() == Words{"+a", "+b", "-a"});
    CHECK(world.watch.version() == 15);
  }
}

TEST_CASE("Watch: a stream that ended in time is resumed at once, one that broke in a moment") {
  World world;
  world.list_and_watch();
  world.say(World::event("ADDED", "a", 9));
  world.pass(seconds(60));
  world.asker.last().sink->on_end();
  CHECK(world.target().find("&resourceVersion=9&") != std::string::npos);
  world.asker.last().head();
  world.pass(seconds(2));
  const size_t asked = world.asker.all.size();
  world.troubles.clear();
  world.asker.last().sink->on_failed("connection reset");
  CHECK(world.troubles.empty());
  CHECK(world.asker.all.size() == asked);
  world.pass(milliseconds(501));
  CHECK(world.asker.all.size() == asked + 1);
  CHECK(world.target().find("&resourceVersion=9&") != std::string::npos);
  world.asker.last().sink->on_failed("10.96.0.1:443: connection refused");
  CHECK(world.troubles == Words{"10.96.0.1:443: connection refused"});
  CHECK(world.take() == Words{"+a"});
}

TEST_CASE("Watch: streams that end at once are no hot loop") {
  World world;
  world.list_and_watch();
  const size_t before = world.asker.all.size();
  for (int i = 0; i < 100; ++i) {
    if (world.asker.last().open) world.asker.last().sink->on_end();
    world.pass(milliseconds(100));
    if (world.asker.last().open) world.asker.last().head();
  }
  CHECK(world.asker.all.size() - before < 10);
}

// What makes a list anew, whatever else was said.
TEST_CASE("Watch: lists anew") {
  struct Row {
    const char* what;
    std::string line;
    Words troubles;
  };
  const std::vector<Row> rows = {
      {"gone, in the stream",
       "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"message\":\"too "
       "old\"}}\n",
       {}},
      {"another error",
       "{\"type\":\"ERROR\",\"object\":{\"code\":500,\"message\":\"etcd is away\"}}\n",
       {"/api/v1/pods: the watch failed: etcd is away"}},
      {"torn", "{\"type\":\n", {"/api/v1/pods: the watch says what is no event"}},
      {"no object",
       "{\"type\":\"ADDED\",\"object\":{}}\n",
       {"/api/v1/pods: the watch says an event that is not known: ADDED"}},
      {"unknown",
       World::event("MOVED", "a", 8),
       {"/api/v1/pods: the watch says an event that is not known: MOVED"}},
      {"a version that is no number",
       "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"x\"}}}"
       "\n",
       {"/api/v1/pods: the watch says an event that is not known: ADDED"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    World world;
    world.list_and_watch();
    world.say(row.line + World::event("ADDED", "b", 99));
    CHECK(world.troubles == row.troubles);
    CHECK_FALSE(world.asker.last().open);
    world.pass(milliseconds(501));
    CHECK(world.target() == "/api/v1/pods?limit=500");
    CHECK(world.take() == Words{"list"});
  }
}

TEST_CASE("Watch: 410 instead of a stream, or of a page") {
  World world;
  world.list_and_watch();
  world.pass(seconds(5));
  world.asker.last().sink->on_failed("connection reset");
  world.pass(milliseconds(501));
  world.asker.last().head(410);
  world.say("{\"message\":\"too old resource version\"}");
  world.asker.last().sink->on_end();
  CHECK(world.troubles.empty());
  world.pass(seconds(1));
  CHECK(world.target() == "/api/v1/pods?limit=500");
  world.answer("{'metadata': {'resourceVersion': '9', 'continue': 'x'}, 'items': []}");
  world.asker.last().answer(410, "{}");
  CHECK(world.troubles.empty());
  world.pass(seconds(2));
  CHECK(world.target() == "/api/v1/pods?limit=500");
}

TEST_CASE("Watch: a line without end") {
  World world;
  world.list_and_watch();
  const std::string much(size_t{1} << 20, 'x');
  for (size_t i = 0; i < 17 && world.asker.last().open; ++i) world.say(much);
  CHECK_FALSE(world.asker.last().open);
  CHECK(world.troubles == Words{"/api/v1/pods: an object is longer than 16 MiB"});
}

TEST_CASE("Watch: lists that fail are told and tried again, ever later") {
  struct Row {
    int status;
    std::string body;
    std::string why;
  };
  const std::vector<Row> rows = {
      {403, "{\"kind\":\"Status\",\"message\":\"pods is forbidden\"}",
       "/api/v1/pods: 403: pods is forbidden"},
      {401, "Unauthorized", "/api/v1/pods: 401"},
      {503, "", "/api/v1/pods: 503"},
      {0, "10.96.0.1:443: connection refused", "10.96.0.1:443: connection refused"},
      {200, "[]", "/api/v1/pods: the answer is no list of objects"},
      {200, "{\"items\":[]}", "/api/v1/pods: the answer is no list of objects"},
      {200, "{\"items\":[", "/api/v1/pods: the answer is no list of objects"},
      {200, "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{}]}",
       "/api/v1/pods: the answer is no list of objects"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    World world;
    Duration waited{};
    for (const auto most : {milliseconds(500), milliseconds(1000), milliseconds(2000)}) {
      world.troubles.clear();
      if (row.status == 0) {
        world.asker.last().fail(row.body);
      } else {
        world.asker.last().answer(row.status, row.body);
      }
      CHECK(world.troubles == Words{row.why});
      const size_t asked = world.asker.all.size();
      world.pass(most / 2 - milliseconds(1));
      CHECK(world.asker.all.size() == asked);
      world.pass(most / 2 + milliseconds(2));
      CHECK(world.asker.all.size() == asked + 1);
      waited += most;
    }
    CHECK_FALSE(world.watch.listed());
    world.list_and_watch();
    CHECK(world.watch.listed());
  }
}

}  // namespace
}  // namespace woad::control::kubernetes
