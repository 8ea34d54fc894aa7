#include "proxy/control/store/kubernetes/access.h"

#include <doctest/doctest.h>

#include <map>

#include "proxy/base/base64.h"
#include "tests/support/folder.h"
#include "tests/support/workloads.h"

namespace woad::control::kubernetes {
namespace {

using woad::test::Folder;
using woad::test::workloads;

config::Environment environment(std::map<std::string, std::string> values) {
  return {[values = std::move(values)](const std::string& name) -> std::optional<std::string> {
            const auto found = values.find(name);
            return found == values.end() ? std::nullopt : std::optional(found->second);
          },
          "host"};
}

struct Account {
  Account() {
    folder.put("token", "secret\n");
    folder.put("namespace", "woad-system\n");
    folder.put("ca.crt", workloads().root.certificate);
  }
  Folder folder;
};

TEST_CASE("kubernetes access: inside of a pod") {
  struct Row {
    std::map<std::string, std::string> variables;
    const char* host;  // "": refused
    int port;
  };
  const Row rows[] = {
      {{{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "6443"}},
       "10.96.0.1",
       6443},
      {{{"KUBERNETES_SERVICE_HOST", "fd00::1"}}, "fd00::1", 443},
      {{{"KUBERNETES_SERVICE_HOST", "api.example"}, {"KUBERNETES_SERVICE_PORT", "443"}},
       "api.example",
       443},
      {{}, "", 0},
      {{{"KUBERNETES_SERVICE_HOST", ""}}, "", 0},
      {{{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "x"}}, "", 0},
  };
  const Account account;
  for (const Row& row : rows) {
    CAPTURE(row.host);
    const auto access = access_in_cluster(environment(row.variables), account.folder.path);
    REQUIRE(static_cast<bool>(access) == (*row.host != '\0'));
    if (!access) continue;
    CHECK(access->origin.host == row.host);
    CHECK(access->origin.port == row.port);
    CHECK(access->server_name == row.host);
    CHECK(access->tls != nullptr);
    CHECK(access->token_file == account.folder / "token");
    CHECK(access->name_space == "woad-system");
  }
}

TEST_CASE("kubernetes access: a pod's account that is not whole names the file") {
  const auto variables = environment({{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}});
  for (const char* const file : {"token", "namespace", "ca.crt"}) {
    CAPTURE(file);
    const Account account;
    std::filesystem::remove(account.folder / file);
    const auto access = access_in_cluster(variables, account.folder.path);
    REQUIRE_FALSE(access);
    CHECK(access.error().message.find(account.folder / file) != std::string::npos);
  }
  const Account account;
  account.folder.put("ca.crt", "nothing");
  CHECK_FALSE(access_in_cluster(variables, account.folder.path));
}

// A kubeconfig of one context; "" leaves a part out.
struct Words {
  std::string cluster = "server: https://10.0.0.1:6443";
  std::string user = "token: secret";
  std::string context = "cluster: c, user: u, namespace: shop";
};

std::string kubeconfig(const Words& words) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts:\n- {name: y, context: {}}\n"
         "- {name: x, context: {" +
         words.context + "}}\nclusters:\n- {name: c, cluster: {" + words.cluster +
         "}}\nusers:\n- {name: u, user: {" + words.user + "}}\n";
}

struct Kubeconfigs {
  Kubeconfigs() {
    folder.put("ca.crt", workloads().root.certificate);
    folder.put("me.crt", workloads().cart.certificate);
    folder.put("me.key", workloads().cart.key);
  }
  Result<Access> read(const std::string& text) const {
    return access_by_kubeconfig(folder.put("config", text), woad::test::kCertificateNow);
  }
  // With a CA that is there on every machine.
  Result<Access> read(Words words) const {
    if (words.cluster.find("certificate-authority") == std::string::npos) {
      words.cluster += ", certificate-authority: ca.crt";
    }
    return read(kubeconfig(words));
  }
  Folder folder;
};

TEST_CASE("kubernetes access: a kubeconfig") {
  const Kubeconfigs files;
  const auto access = files.read(Words{});
  REQUIRE(access);
  CHECK(access->origin.host == "10.0.0.1");
  CHECK(access->origin.port == 6443);
  CHECK(access->server_name == "10.0.0.1");
  CHECK(access->token == "secret");
  CHECK(access->token_file.empty());
  CHECK(access->name_space == "shop");
  CHECK(access->tls != nullptr);

  const auto json = files.read(
      R"({"current-context":"t","contexts":[{"name":"t","context":{"cluster":"t","user":"t"}}],)"
      R"("clusters":[{"name":"t","cluster":{"server":"http://127.0.0.1:8001/k8s"}}],)"
      R"("users":[{"name":"t","user":{"tokenFile":"secret/token"}}]})");
  REQUIRE(json);
  CHECK(json->origin.target == "/k8s");
  CHECK(json->tls == nullptr);
  CHECK(json->token_file == files.folder / "secret/token");
  CHECK(json->name_space.empty());
}

TEST_CASE("kubernetes access: who is trusted, and who we are") {
  const Kubeconfigs files;
  const std::string ca = base64(workloads().root.certificate);
  const std::string certificate = base64(workloads().cart.certificate);
  const std::string key = base64(workloads().cart.key);
  struct Row {
    std::string cluster;  // behind the server
    std::string user;
    std::string why;  // a part of the error; "": it holds
    size_t shown = 0;
  };
  const Row rows[] = {
      {"certificate-authority: ca.crt", "", ""},
      {"certificate-authority: " + (files.folder / "ca.crt"), "token: x", ""},
      {"certificate-authority-data: " + ca, "", ""},
      {"certificate-authority-data: " + ca + ", certificate-authority: gone.crt", "", ""},
      {"certificate-authority: gone.crt", "", "gone.crt"},
      {"certificate-authority-data: '%%'", "", "certificate-authority-data is no Base64"},
      {"certificate-authority-data: bm8=", "", "certificate-authority-data"},
      {"tls-server-name: kubernetes", "", ""},
      {"", "client-certificate: me.crt, client-key: me.key", "", 1},
      {"", "client-certificate-data: " + certificate + ", client-key-data: " + key, "", 1},
      {"", "client-certificate: me.crt, client-key-data: " + key, "", 1},
      {"", "client-certificate: me.crt", "only one of client-certificate and client-key"},
      {"", "client-key: me.key", "only one of client-certificate and client-key"},
      {"", "client-certificate: me.crt, client-key: me.crt", "me.crt"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.cluster);
    CAPTURE(row.user);
    Words words;
    if (!row.cluster.empty()) words.cluster += ", " + row.cluster;
    words.user = row.user;
    const auto access = files.read(words);
    CHECK(static_cast<bool>(access) == row.why.empty());
    if (!access) {
      CHECK(access.error().message.find(row.why) != std::string::npos);
    } else {
      REQUIRE(access->tls != nullptr);
      CHECK(access->tls->material().chain().size() == row.shown);
      CHECK(access->tls->material().roots().size() == 1);
    }
  }
  Words words;
  words.cluster += ", tls-server-name: kubernetes";
  CHECK(files.read(words)->server_name == "kubernetes");
}

TEST_CASE("kubernetes access: what a kubeconfig may not say is refused by its name") {
  const Kubeconfigs files;
  struct Row {
    Words words;
    const char* why;
  };
  const Words good;
  const Row rows[] = {
      {{good.cluster + ", insecure-skip-tls-verify: true", "", good.context},
       "cluster `c` has `insecure-skip-tls-verify`"},
      {{good.cluster + ", proxy-url: http://x", "", good.context}, "`proxy-url`"},
      {{good.cluster, "exec: {command: aws}", good.context}, "user `u` has `exec`"},
      {{good.cluster, "auth-provider: {name: gcp}", good.context}, "`auth-provider`"},
      {{good.cluster, "username: a, password: b", good.context}, "`username`"},
      {{good.cluster, "token: x, as: root", good.context}, "`as`"},
      {{"server: nowhere", "", good.context}, "cluster `c`: server: is not a URL"},
      {{"x: y", "", good.context}, "cluster `c`: server: is not a URL"},
      {{good.cluster, "", "cluster: d, user: u"}, "has no cluster `d`"},
      {{good.cluster, "", "cluster: c, user: v"}, "has no user `v`"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto access = files.read(row.words);
    REQUIRE_FALSE(access);
    CHECK(access.error().message.starts_with(files.folder / "config"));
    CHECK(access.error().message.find(row.why) != std::string::npos);
  }
  Words allowed{good.cluster + ", insecure-skip-tls-verify: false, proxy-url: ''", "",
                good.context};
  CHECK(files.read(allowed));
  CHECK(files.read(Words{good.cluster, "", "cluster: c"}));
}

TEST_CASE("kubernetes access: files that are no kubeconfig") {
  const Kubeconfigs files;
  struct Row {
    const char* text;
    std::string why;
  };
  const Row rows[] = {
      {"", ": is not one document"},
      {"[]", ": has no current-context"},
      {"current-context: 5", ": has no current-context"},
      {"current-context: x", ": has no context `x`"},
      {"current-context: x\ncontexts: {x: y}", ": has no context `x`"},
      {"a: b\nc: [", ":2:"},
      {"a: b\n---\nc: d", ": is not one document"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto access = files.read(std::string(row.text));
    REQUIRE_FALSE(access);
    CAPTURE(access.error().message);
    CHECK(access.error().message.starts_with((files.folder / "config") + row.why));
  }
  const auto gone = access_by_kubeconfig(files.folder / "none", woad::test::kCertificateNow);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().message.find(files.folder / "none") != std::string::npos);
}

}  // namespace
}  // namespace woad::control::kubernetes
