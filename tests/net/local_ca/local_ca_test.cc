#include "proxy/net/local_ca/local_ca.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "proxy/net/tls/context.h"
#include "proxy/net/tls/material.h"
#include "tests/net/tls/rig.h"
#include "tests/support/folder.h"

namespace woad::test {
namespace {

namespace fs = std::filesystem;

constexpr WallTime kNow = kCertificateNow;

std::string pem_in(const std::string& path) { return sure(read_pem_file(path)).text; }

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

LocalCa ca_in(const Folder& folder) {
  return sure(LocalCa::open_or_make(folder.path.string(), kTrustDomain, kNow));
}

LocalCa::Leaf leaf(std::string_view id) { return {.id = std::string(id), .dns = {}}; }

// What a sidecar makes of the files of a workload.
Result<TlsMaterial::Ptr> load_from(const std::string& out, WallTime now = kNow) {
  return TlsMaterial::identity(sure(read_pem_file(out + "/tls.crt")),
                               sure(read_pem_file(out + "/tls.key")),
                               sure(read_pem_file(out + "/ca.crt")), kTrustDomain, now);
}

TEST_CASE("what it issues is an identity") {
  const Folder folder;
  const LocalCa ca = ca_in(folder);
  CHECK(ca.is_new());
  CHECK(ca.trust_domain() == kTrustDomain);
  LocalCa::Leaf request = leaf(kCartId);
  request.dns = {"cart", "cart.shop"};
  request.lifetime = hours(1);
  CHECK(sure(ca.issue(request, folder / "cart", kNow)) == kNow + hours(1));

  const TlsMaterial::Ptr material = sure(load_from(folder / "cart"));
  CHECK(material->svid()->id == kCartId);
  CHECK(material->svid()->not_before == kNow - minutes(1));
  CHECK(material->not_after() == kNow + hours(1));
  REQUIRE(material->roots().size() == 1);
  CHECK(material->roots()[0].not_after > kNow + hours(24 * 3650));
  CHECK(TlsContext::make(material));
  CHECK_FALSE(load_from(folder / "cart", kNow + hours(2)));

  CHECK(mode_of(folder / "ca.key") == 0600);
  CHECK(mode_of(folder / "cart/tls.key") == 0600);
  CHECK(mode_of(folder / "cart/tls.crt") == 0644);
  CHECK(pem_in(folder / "cart/ca.crt") == pem_in(folder / "ca.crt"));
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder / "cart")) files += entry.exists();
  CHECK(files == 3);
}

TEST_CASE("a root is no workload, and names its trust domain") {
  const Folder folder;
  ca_in(folder);
  const auto svid = read_svid_pem(pem_in(folder / "ca.crt"), TlsSide::kEither);
  REQUIRE_FALSE(svid);
  CHECK(svid.error().message.find("\"spiffe://example.org\" names a whole trust domain") !=
        std::string::npos);
}

TEST_CASE("later calls use the CA that is there; each certificate is another") {
  const Folder folder;
  REQUIRE(ca_in(folder).issue(leaf(kCartId), folder / "cart", kNow));
  const std::string first = sure(load_from(folder / "cart"))->svid()->sha256;
  const std::string root = pem_in(folder / "ca.crt");
  {
    const LocalCa again = ca_in(folder);
    CHECK_FALSE(again.is_new());
    REQUIRE(again.issue(leaf(kCartId), folder / "cart", kNow));
  }
  CHECK(sure(load_from(folder / "cart"))->svid()->sha256 != first);
  CHECK(pem_in(folder / "ca.crt") == root);
  CHECK(sure(LocalCa::open(folder.path.string())).trust_domain() == kTrustDomain);
}

TEST_CASE("refused, with a sentence, and nothing written") {
  const Folder folder;
  const LocalCa ca = ca_in(folder);
  REQUIRE(ca.issue(leaf(kCartId), folder / "cart", kNow));
  LocalCa::Leaf long_lived = leaf(kPriceId);
  long_lived.lifetime = hours(24 * 4000);
  struct Row {
    LocalCa::Leaf leaf;
    const char* out;
    const char* why;
  };
  const Row rows[] = {
      {leaf("cart"), "x", "is not a SPIFFE id"},
      {leaf("spiffe://example.org"), "x", "a workload has a path"},
      {leaf("spiffe://example.com/cart"), "x", "is not of the trust domain example.org"},
      {leaf(kPriceId), "cart", "holds the certificate of \"spiffe://example.org/ns/shop/sa/cart\""},
      {long_lived, "x", "the newest root ends before"},
      {leaf(kPriceId), "ca.crt/x", "not a directory"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto issued = ca.issue(row.leaf, folder / row.out, kNow);
    REQUIRE_FALSE(issued);
    CHECK(issued.error().message.find(row.why) != std::string::npos);
  }
  CHECK_FALSE(fs::exists(folder / "x"));
  CHECK(sure(load_from(folder / "cart"))->svid()->id == kCartId);
}

TEST_CASE("folders that hold no CA of ours") {
  const auto error_of = [](const Folder& folder, std::string_view domain = kTrustDomain) {
    const auto ca = LocalCa::open_or_make(folder.path.string(), domain, kNow);
    return ca ? std::string() : ca.error().message;
  };
  const Folder empty;
  CHECK_FALSE(LocalCa::open(empty.path.string()));
  CHECK_FALSE(LocalCa::open(empty / "none"));
  CHECK_FALSE(LocalCa::open_or_make(empty.path.string(), "Example.org", kNow));
  CHECK_FALSE(fs::exists(empty / "ca.crt"));

  const Folder ours;
  ca_in(ours);
  CHECK(error_of(ours, "example.com").find("a CA of example.com needs a folder of its own") !=
        std::string::npos);
  fs::remove(ours / "ca.key");
  CHECK(error_of(ours).find("ca.key: no such file") != std::string::npos);

  const Folder mixed;
  const Issued root = issue(ca_spec("root"));
  mixed.put("ca.crt", root.certificate);
  mixed.put("ca.key", workloads().root.key);
  CHECK(error_of(mixed).find("is the key of no certificate in") != std::string::npos);
  mixed.put("ca.key", root.key);
  CHECK(error_of(mixed).find("was not made by woad certs") != std::string::npos);
}

TEST_CASE("the newest root signs, also after the folder is opened again") {
  const Folder folder;
  REQUIRE(ca_in(folder).add_root(kNow));
  LocalCa ca = ca_in(folder);
  CHECK(ca.roots() == 2);
  REQUIRE(ca.issue(leaf(kCartId), folder / "cart", kNow));
  CHECK(sure(load_from(folder / "cart"))->roots().size() == 2);
  REQUIRE(ca.drop_old_roots());
  CHECK(ca.roots() == 1);
  CHECK(sure(load_from(folder / "cart"))->roots().size() == 1);
}

TEST_CASE("a rotation keeps everyone's trust at every step") {
  const Folder folder;
  LocalCa ca = ca_in(folder);
  REQUIRE(ca.issue(leaf(kCartId), folder / "cart", kNow));
  REQUIRE(ca.issue(leaf(kPriceId), folder / "price", kNow));
  const auto hash_of_root = [&](const char* name, size_t which) {
    return sure(load_from(folder / name))->roots().at(which).sha256;
  };
  const std::string old = hash_of_root("cart", 0);

  REQUIRE(ca.add_root(kNow));
  CHECK(ca.roots() == 2);
  for (const char* const name : {"cart", "price"}) {
    const TlsMaterial::Ptr material = sure(load_from(folder / name));
    REQUIRE(material->roots().size() == 2);
    CHECK(material->roots()[0].sha256 == old);
  }

  REQUIRE(ca.issue(leaf(kCartId), folder / "cart", kNow));
  const Result<void> early = ca.drop_old_roots();
  REQUIRE_FALSE(early);
  CHECK(early.error().message.find("price/tls.crt is signed by an old root") != std::string::npos);
  CHECK(hash_of_root("cart", 0) == old);

  REQUIRE(ca.issue(leaf(kPriceId), folder / "price", kNow));
  REQUIRE(ca.drop_old_roots());
  for (const char* const name : {"cart", "price"}) {
    const TlsMaterial::Ptr material = sure(load_from(folder / name));
    REQUIRE(material->roots().size() == 1);
    CHECK(material->roots()[0].sha256 != old);
  }
}

}  // namespace
}  // namespace woad::test
