#include "proxy/control/store/kubernetes/caller.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/client/fake_asker.h"
#include "tests/support/folder.h"
#include "tests/support/workloads.h"

namespace woad::control::kubernetes {
namespace {

struct World {
  explicit World(const Access& access, Renewal renewal = {})
      : caller(scheduler, std::shared_ptr<HttpAsker>(std::shared_ptr<void>(), &server), access,
               std::move(renewal)) {}

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

TEST_CASE("kubernetes caller: files that change are read again, and what holds is used") {
  const woad::test::Folder folder;
  const std::string& root = woad::test::workloads().root.certificate;
  folder.put("ca.crt", root);
  folder.put("token", "first");
  folder.put("namespace", "mesh");
  const auto read = [&folder] {
    const auto environment = [](const std::string& name) -> std::optional<std::string> {
      if (name == "KUBERNETES_SERVICE_HOST") return "10.96.0.1";
      return {};
    };
    return access_in_cluster({environment, "host"}, folder.path);
  };
  const auto cluster = [&folder](std::string_view token) {
    return folder.put("config",
                      "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
                      "clusters: [{name: c, cluster: {server: 'https://a', certificate-authority: "
                      "ca.crt}}]\nusers: [{name: u, user: {token: " +
                          std::string(token) + "}}]\n");
  };
  const auto read_config = [&folder] {
    return access_by_kubeconfig(folder / "config", woad::test::kCertificateNow);
  };
  cluster("first");
  const std::function<Result<Access>()> ways[] = {read, read_config};
  for (const auto& way : ways) {
    folder.put("ca.crt", root);
    std::vector<TlsContext::Ptr> used;
    const Access access = *way();
    World world(access, {way, [&used](TlsContext::Ptr tls) { used.push_back(std::move(tls)); }});
    CHECK(world.shown() == "Bearer first");
    folder.put("ca.crt", "half");
    world.pass(Caller::kReadAgain);
    CHECK(world.shown() == "Bearer first");
    CHECK(used.empty());
    folder.put("ca.crt", root + "\n");
    CHECK(world.shown() == "Bearer first");
    CHECK(used.empty());
    world.pass(Caller::kReadAgain);
    CHECK(world.shown() == "Bearer first");
    REQUIRE(used.size() == 1);
    CHECK(used[0] != access.tls);
    world.pass(Caller::kReadAgain);
    CHECK(world.shown() == "Bearer first");
    CHECK(used.size() == 1);
  }

  World world(*read_config(), {read_config, [](TlsContext::Ptr) {}});
  cluster("second");
  CHECK(world.shown() == "Bearer second");
}

}  // namespace
}  // namespace woad::control::kubernetes
