#include "proxy/snapshot/tls.h"

#include <doctest/doctest.h>

#include <fstream>
#include <functional>

#include "config/load.h"
#include "tests/support/folder.h"
#include "tests/support/workloads.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr std::string_view kTls =
    "node: { service: cart }\n"
    "tls: { certificate: tls.crt, key: tls.key, trust_bundle: ca.crt }\n";

// A folder with the files of `cart`, and a configuration beside them.
struct Files {
  Files() {
    put(workloads().cart);
    folder.put("ca.crt", workloads().root.certificate);
  }
  void put(const Issued& leaf) const {
    folder.put("tls.crt", leaf.certificate);
    folder.put("tls.key", leaf.key);
  }
  // `told`: the errors, "line: path: message", one a line.
  SnapshotTls load(std::string_view text, const SnapshotTls* previous = nullptr,
                   WallTime now = kCertificateNow) {
    config::LoadResult loaded =
        config::load_text(std::string(text), folder / "woad.yaml", config::Environment::none());
    REQUIRE_MESSAGE(loaded.ok(), loaded.diagnostics.text());
    SnapshotTls tls = load_tls(*loaded.config, previous, now, loaded.diagnostics);
    told.clear();
    for (const config::Diagnostic& error : loaded.diagnostics.sorted()) {
      told += std::to_string(error.location.line) + ": " + error.path + ": " +
              without_folder(error.message) + "\n";
    }
    return tls;
  }
  std::string without_folder(std::string text) const {
    const std::string prefix = folder.path.string() + "/";
    for (size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;) {
      text.erase(at, prefix.size());
    }
    return text;
  }

  Folder folder;
  std::string told;
};

TEST_CASE("tls of a snapshot: a configuration without it has none") {
  Files files;
  const SnapshotTls tls = files.load("node: { service: cart }\nservices: { price: {} }\n");
  CHECK(files.told.empty());
  CHECK(tls.own.context == nullptr);
  CHECK(tls.of_roots.empty());
  CHECK(tls.files.empty());
}

TEST_CASE("tls of a snapshot: the first load") {
  Files files;
  const SnapshotTls tls = files.load(kTls);
  CHECK(files.told.empty());
  REQUIRE(tls.own.context != nullptr);
  CHECK(tls.own.context->has_identity());
  CHECK(tls.own.context->material().svid()->id == kCartId);
  CHECK(tls.own.context->material().trust_domain() == kTrustDomain);  // left out: ours
  CHECK(tls.refused.empty());
  const std::vector<std::string> expected = {files.folder / "tls.crt", files.folder / "tls.key",
                                             files.folder / "ca.crt"};
  CHECK(tls.files == expected);
}

TEST_CASE("tls of a snapshot: a file that somebody is writing is told, whatever it holds by then") {
  Files files;
  const SnapshotTls before = files.load(kTls);
  CHECK(before.being_written.empty());
  for (const char* name : {"tls.crt", "tls.key", "ca.crt"}) {
    CAPTURE(name);
    Files again;
    std::ofstream writer(again.folder / name, std::ios::app);
    CHECK(again.load(kTls).being_written == again.folder / name);
    writer.close();
    CHECK(again.load(kTls).being_written.empty());
  }
}

TEST_CASE("tls of a snapshot: files that cannot be used are errors where they are named") {
  CertificateSpec over = leaf_spec(kCartId);
  over.begins = -hours(5);
  over.ends = -hours(1);
  const Issued ended = issue(over, &workloads().root);
  const Issued other = issue(ca_spec("other"));
  struct Case {
    std::string_view what;
    std::function<void(Files&)> bend;
    std::string_view told;
  };
  const Case cases[] = {
      {"no certificate", [](Files& f) { std::filesystem::remove(f.folder / "tls.crt"); },
       "2: tls.certificate: tls.crt: no such file or directory\n"},
      {"no key", [](Files& f) { std::filesystem::remove(f.folder / "tls.key"); },
       "2: tls.key: tls.key: no such file or directory\n"},
      {"no bundle", [](Files& f) { std::filesystem::remove(f.folder / "ca.crt"); },
       "2: tls.trust_bundle: ca.crt: no such file or directory\n"},
      {"none of them",
       [](Files& f) {
         for (const char* name : {"tls.crt", "tls.key", "ca.crt"}) {
           std::filesystem::remove(f.folder / name);
         }
       },
       "2: tls.certificate: tls.crt: no such file or directory\n"
       "2: tls.key: tls.key: no such file or directory\n"
       "2: tls.trust_bundle: ca.crt: no such file or directory\n"},
      {"an empty certificate", [](Files& f) { f.folder.put("tls.crt", ""); },
       "2: tls.certificate: tls.crt: it holds no PEM certificate\n"},
      {"no key in the key", [](Files& f) { f.folder.put("tls.key", "key"); },
       "2: tls.key: tls.key: holds no private key (PEM, BEGIN PRIVATE KEY)\n"},
      {"the key of another", [](Files& f) { f.folder.put("tls.key", workloads().price.key); },
       "2: tls.key: tls.key: is not the key of the first certificate in tls.crt\n"},
      {"no root in the bundle", [](Files& f) { f.folder.put("ca.crt", "roots"); },
       "2: tls.trust_bundle: ca.crt: holds no certificate (PEM, BEGIN CERTIFICATE)\n"},
      {"ended", [&](Files& f) { f.put(ended); },
       "2: tls.certificate: tls.crt: expired at 2026-11-19T23:00:00Z\n"},
      {"another root", [&](Files& f) { f.folder.put("ca.crt", other.certificate); },
       "2: tls.certificate: tls.crt: does not hold against ca.crt: "},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    Files files;
    each.bend(files);
    const SnapshotTls tls = files.load(kTls);
    CHECK(files.told.starts_with(each.told));
    CHECK(tls.own.context == nullptr);
    CHECK(tls.refused.empty());
  }
  Files files;
  files.load(
      "node: { service: cart }\ntls:\n  certificate: tls.crt\n  key: tls.key\n"
      "  trust_bundle: ca.crt\n  trust_domain: other.org\n");
  CHECK(files.told == "3: tls.certificate: tls.crt: its id " + std::string(kCartId) +
                          " is not of the trust domain other.org\n");
}

// One load after another of the same configuration.
TEST_CASE("tls of a snapshot: what is changed, what is kept, what is refused") {
  const Issued renewed = issue(leaf_spec(kCartId), &workloads().root);
  const Issued second_root = issue(ca_spec("second"));
  const std::string both = workloads().root.certificate + second_root.certificate;
  struct Step {
    std::string_view what;
    std::function<void(Files&)> change;
    bool is_new;
    std::string_view refused;
  };
  const Step steps[] = {
      {"nothing", [](Files&) {}, false, ""},
      {"written again as it was", [](Files& f) { f.put(workloads().cart); }, false, ""},
      {"renewed", [&](Files& f) { f.put(renewed); }, true, ""},
      {"half of the next pair", [](Files& f) { f.folder.put("tls.key", workloads().cart.key); },
       false, "tls.key: is not the key of the first certificate in tls.crt"},
      {"back as it was", [&](Files& f) { f.put(renewed); }, false, ""},
      {"a second root beside the first", [&](Files& f) { f.folder.put("ca.crt", both); }, true, ""},
      {"gone", [](Files& f) { std::filesystem::remove(f.folder / "tls.crt"); }, false,
       "tls.crt: no such file or directory"},
      {"still gone", [](Files&) {}, false, "tls.crt: no such file or directory"},
      {"another identity", [](Files& f) { f.put(workloads().price); }, true, ""},
  };
  Files files;
  SnapshotTls before = files.load(kTls);
  for (const Step& step : steps) {
    CAPTURE(step.what);
    step.change(files);
    SnapshotTls now = files.load(kTls, &before);
    CHECK(files.told.empty());
    REQUIRE(now.own.context != nullptr);
    CHECK((now.own.context != before.own.context) == step.is_new);
    CHECK(files.without_folder(now.refused) == step.refused);
    CHECK(now.files == before.files);
    before = std::move(now);
  }
  CHECK(before.own.context->material().svid()->id == kPriceId);
}

TEST_CASE("tls of a snapshot: a certificate that has ended since stays as it is") {
  Files files;
  const SnapshotTls before = files.load(kTls);
  const SnapshotTls now = files.load(kTls, &before, kCertificateNow + hours(48));
  CHECK(now.own.context == before.own.context);
  CHECK(now.refused.empty());
}

TEST_CASE("tls of a snapshot: other words of the configuration make a new context, or an error") {
  const std::string head = "node: { service: cart }\n";
  Files files;
  std::filesystem::create_directory(files.folder / "next");
  files.folder.put("next/tls.crt", workloads().cart.certificate);
  files.folder.put("next/bad.crt", "bad");
  const SnapshotTls before = files.load(kTls);
  struct Case {
    std::string_view tls;
    std::string_view told;  // "": a new context
  };
  const Case cases[] = {
      {"{ certificate: tls.crt, key: tls.key, trust_bundle: ca.crt, min_version: '1.2' }", ""},
      {"{ certificate: next/tls.crt, key: tls.key, trust_bundle: ca.crt }", ""},
      {"{ certificate: next/bad.crt, key: tls.key, trust_bundle: ca.crt }",
       "2: tls.certificate: next/bad.crt: it holds no PEM certificate\n"},
      {"{ certificate: tls.crt, key: tls.key, trust_bundle: ca.crt, trust_domain: other.org }",
       "2: tls.certificate: tls.crt: its id spiffe://example.org/ns/shop/sa/cart is not of the "
       "trust domain other.org\n"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.tls);
    const SnapshotTls now = files.load(head + "tls: " + std::string(each.tls) + "\n", &before);
    CHECK(files.told == each.told);
    CHECK(now.refused.empty());
    CHECK((now.own.context != nullptr) == files.told.empty());
    CHECK(now.own.context != before.own.context);
  }
  CHECK(files.load(head, &before).own.context == nullptr);
}

constexpr std::string_view kRoots =
    "node: { service: cart }\n"
    "services:\n"
    "  bank: { tls: { mode: tls, ca: bank.crt } }\n"
    "  till: { tls: { mode: tls, ca: bank.crt } }\n"
    "  post: { tls: { mode: tls, ca: post.crt } }\n"
    "  shop: {}\n";

TEST_CASE("tls of a snapshot: roots of services, each file once") {
  Files files;
  files.folder.put("bank.crt", workloads().root.certificate);
  files.folder.put("post.crt", workloads().root.certificate);
  const std::string bank = files.folder / "bank.crt";
  const std::string post = files.folder / "post.crt";
  const SnapshotTls first = files.load(kRoots);
  CHECK(files.told.empty());
  CHECK(first.own.context == nullptr);
  CHECK(first.files == std::vector<std::string>{bank, post});
  REQUIRE(first.of_roots.size() == 2);
  CHECK_FALSE(first.of_roots.at(bank).context->has_identity());

  files.folder.put("bank.crt", issue(ca_spec("second")).certificate);
  const SnapshotTls second = files.load(kRoots, &first);
  CHECK(second.of_roots.at(bank).context != first.of_roots.at(bank).context);
  CHECK(second.of_roots.at(post).context == first.of_roots.at(post).context);

  files.folder.put("bank.crt", "");
  std::filesystem::remove(post);
  const SnapshotTls third = files.load(kRoots, &second);
  CHECK(files.told.empty());
  CHECK(third.of_roots.at(bank).context == second.of_roots.at(bank).context);
  CHECK(third.of_roots.at(post).context == second.of_roots.at(post).context);
  CHECK(files.without_folder(third.refused) ==
        "bank.crt: holds no certificate (PEM, BEGIN CERTIFICATE); "
        "post.crt: no such file or directory");

  files.load(kRoots);
  CHECK(files.told ==
        "3: services.bank.tls.ca: bank.crt: holds no certificate (PEM, BEGIN "
        "CERTIFICATE)\n"
        "5: services.post.tls.ca: post.crt: no such file or directory\n");
}

}  // namespace
