#include "proxy/control/store/kubernetes/caller.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/client/fake_asker.h"
#include "tests/support/folder.h"

namespace woad::control::kubernetes {
namespace {

struct World {
  explicit World(const Access& access)
      : caller(scheduler, std::shared_ptr<HttpAsker>(std::shared_ptr<void>(), &server), access) {}

  // What the server is shown when it is asked.
  std::string shown() {
    caller.ask({.target = "/api/v1/pods"}, 10, {});
    return std::string(server.last().header("authorization"));
  }
  void pass(Duration time) { scheduler.advance(scheduler.now() + time); }

  Scheduler scheduler{MonoTime(seconds(1000))};
  woad::test::FakeAsker server;
  Caller caller;
};

Access access_of(std::string_view url, std::string token = "", std::string file = "") {
  Access access{.origin = *parse_url(url), .server_name = ""};
  access.token = std::move(token);
  access.token_file = std::move(file);
  return access;
}

TEST_CASE("kubernetes caller: the path of the server stands before all others") {
  struct Row {
    const char* url;
    const char* target;
  };
  const Row rows[] = {
      {"http://a", "/api/v1/pods"},
      {"http://a/", "/api/v1/pods"},
      {"http://a/k8s/clusters/c-1", "/k8s/clusters/c-1/api/v1/pods"},
      {"http://a/k8s/?x=y", "/k8s/api/v1/pods"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.url);
    World world(access_of(row.url));
    CHECK(world.shown() == "");
    CHECK(world.server.last().request.target == row.target);
  }
}

TEST_CASE("kubernetes caller: a token, and one that is renewed in its file") {
  World fixed(access_of("http://a", "secret"));
  CHECK(fixed.shown() == "Bearer secret");

  const woad::test::Folder folder;
  const std::string file = folder.put("token", "first\n");
  World world(access_of("http://a", "other", file));
  CHECK(world.shown() == "Bearer first");
  folder.put("token", "  second \n\n");
  CHECK(world.shown() == "Bearer first");
  world.pass(Caller::kReadAgain);
  CHECK(world.shown() == "Bearer second");

  // What is no token says nothing against the one before.
  folder.put("token", "\n");
  world.pass(Caller::kReadAgain);
  CHECK(world.shown() == "Bearer second");
  std::filesystem::remove(file);
  world.pass(Caller::kReadAgain);
  CHECK(world.shown() == "Bearer second");
  folder.put("token", "third");
  world.pass(Caller::kReadAgain);
  CHECK(world.shown() == "Bearer third");
}

}  // namespace
}  // namespace woad::control::kubernetes
