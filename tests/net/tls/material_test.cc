#include "proxy/net/tls/material.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/net/tls/rig.h"
#include "tests/support/folder.h"

namespace woad::test {
namespace {

struct Set {
  std::string certificate;
  std::string key;
  std::string bundle;
};

Set good_set() {
  return {workloads().cart.certificate, workloads().cart.key, workloads().root.certificate};
}

Result<TlsMaterial::Ptr> load_set(const Set& set, WallTime now = kCertificateNow) {
  return TlsMaterial::identity(pem("tls.crt", set.certificate), pem("tls.key", set.key),
                               pem("ca.crt", set.bundle), kTrustDomain, now);
}

Set bent_leaf(const std::function<void(CertificateSpec&)>& change) {
  CertificateSpec spec = leaf_spec(kCartId);
  change(spec);
  const Issued leaf = issue(spec, &workloads().root);
  return {leaf.certificate, leaf.key, workloads().root.certificate};
}

TEST_CASE("material that holds") {
  const TlsMaterial::Ptr material = sure(load_set(good_set()));
  REQUIRE(material->svid() != nullptr);
  CHECK(material->svid()->id == kCartId);
  CHECK(material->trust_domain() == kTrustDomain);
  CHECK(material->not_after() == kCertificateNow + hours(24));
  REQUIRE(material->chain().size() == 1);
  CHECK(material->chain()[0].subject == "CN=workload");
  CHECK(material->chain()[0].sha256 == material->svid()->sha256);
  REQUIRE(material->roots().size() == 1);
  CHECK(material->roots()[0].subject == "CN=root");
  CHECK(TlsContext::make(material));
}

TEST_CASE("the earliest end of a chain is the material's") {
  CertificateSpec spec = ca_spec("middle");
  spec.ends = hours(3);
  const Issued middle = issue(spec, &workloads().root);
  const Issued leaf = issue(leaf_spec(kCartId), &middle);
  const TlsMaterial::Ptr material = sure(
      load_set({leaf.certificate + middle.certificate, leaf.key, workloads().root.certificate}));
  CHECK(material->not_after() == kCertificateNow + hours(3));
  CHECK(material->chain().size() == 2);
}

TEST_CASE("a bundle of several roots, old ones among them") {
  CertificateSpec old = ca_spec("old");
  old.ends = -hours(2) + minutes(61);
  Set set = good_set();
  set.bundle = issue(old).certificate + set.bundle + issue(ca_spec("next")).certificate;
  CHECK(sure(load_set(set))->roots().size() == 3);
}

TEST_CASE("a root that was renewed with the same key, beside its expired self") {
  CertificateSpec spec = ca_spec("renewed");
  const Issued renewed = issue(spec);
  spec.begins = -hours(48);
  spec.ends = -hours(1);
  const Issued expired = reissue(spec, renewed);
  const Issued leaf = issue(leaf_spec(kCartId), &renewed);
  for (const bool old_first : {true, false}) {
    const std::string bundle = old_first ? expired.certificate + renewed.certificate
                                         : renewed.certificate + expired.certificate;
    CHECK(load_set({leaf.certificate, leaf.key, bundle}));
  }
}

// The number of the line that follows `text`.
std::string line_behind(const std::string& text) {
  return std::to_string(std::count(text.begin(), text.end(), '\n') + 1);
}

// The same data under another label, with something in front of it.
std::string relabelled(std::string pem, const std::string& from, const std::string& to,
                       const std::string& header = "") {
  const std::string begin = "-----BEGIN " + from + "-----\n";
  const std::string end = "-----END " + from + "-----";
  REQUIRE(pem.starts_with(begin));
  pem.replace(0, begin.size(), "-----BEGIN " + to + "-----\n" + header);
  pem.replace(pem.find(end), end.size(), "-----END " + to + "-----");
  return pem;
}

TEST_CASE("texts around certificates, older labels, keys behind their parameters") {
  const Set good = good_set();
  const Issued other = issue(ca_spec("other"));
  const std::string text = "# the root\nsubject=CN = root\n";
  std::string dos = good.bundle;
  for (size_t at = 0; (at = dos.find('\n', at)) != std::string::npos; at += 2) dos.insert(at, "\r");
  for (const std::string& bundle :
       {text + good.bundle + text + other.certificate,
        relabelled(good.bundle, "CERTIFICATE", "X509 CERTIFICATE") + other.certificate,
        dos + other.certificate, other.certificate + "  " + good.bundle}) {
    CAPTURE(bundle);
    Set set = good;
    set.bundle = bundle;
    CHECK(sure(load_set(set))->roots().size() == 2);
  }
  Set set = good;
  // P-256 (RFC 5480 section 2.1.1.1), as `openssl ecparam -genkey` writes it before the key.
  set.key =
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + good.key;
  CHECK(load_set(set));
  CHECK(TlsMaterial::identity(pem("both.pem", good.certificate + set.key),
                              pem("both.pem", good.certificate + set.key),
                              pem("ca.crt", good.bundle), kTrustDomain, kCertificateNow));
}

TEST_CASE("the issuer is the anchor when its root is not in the bundle") {
  const Issued middle = issue(ca_spec("middle"), &workloads().root);
  const Issued lower = issue(ca_spec("lower"), &middle);
  const Issued leaf = issue(leaf_spec(kCartId), &middle);
  const Issued below = issue(leaf_spec(kCartId), &lower);
  CHECK(load_set({leaf.certificate, leaf.key, middle.certificate}));
  CHECK(load_set({leaf.certificate + middle.certificate, leaf.key, middle.certificate}));
  CHECK(load_set({below.certificate + lower.certificate, below.key, middle.certificate}));
  CHECK(load_set({below.certificate, below.key, lower.certificate}));
  CHECK_FALSE(load_set({below.certificate, below.key, middle.certificate}));
  const Issued stranger = issue(ca_spec("middle"), &workloads().root);
  CHECK_FALSE(load_set({leaf.certificate, leaf.key, stranger.certificate}));
}

std::string encrypted_key() {
  return "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
         "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAi3qm1zgjCO5gICCAAw\n"
         "-----END ENCRYPTED PRIVATE KEY-----\n";
}

TEST_CASE("material that does not hold, and the sentence of each") {
  const Issued stranger = issue(ca_spec("stranger"));
  const Issued middle = issue(ca_spec("middle"), &workloads().root);
  const Issued below = issue(leaf_spec(kCartId), &middle);
  const std::string half =
      workloads().cart.certificate.substr(0, workloads().cart.certificate.size() / 2);
  const Set good = good_set();
  struct Case {
    std::string name;
    Set set;
    std::string why;
  };
  const Case cases[] = {
      {"no certificate", {"", good.key, good.bundle}, "tls.crt: holds no certificate"},
      {"half a certificate",
       {half, good.key, good.bundle},
       "tls.crt: line 1: BEGIN CERTIFICATE has no END"},
      {"half a second one",
       {good.certificate + half, good.key, good.bundle},
       "tls.crt: line " + line_behind(good.certificate) + ": BEGIN CERTIFICATE has no END"},
      {"no key", {good.certificate, "", good.bundle}, "tls.key: holds no private key"},
      {"a certificate for a key",
       {good.certificate, good.certificate, good.bundle},
       "tls.key: line 1: BEGIN CERTIFICATE is no private key"},
      {"a certificate beside a key",
       {good.certificate, good.key + good.certificate, good.bundle},
       "tls.key: line " + line_behind(good.key) + ": BEGIN CERTIFICATE is no private key"},
      {"two keys",
       {good.certificate, good.key + workloads().price.key, good.bundle},
       "tls.key: line " + line_behind(good.key) + ": is a second private key"},
      {"a key beside a certificate",
       {good.certificate + good.key, good.key, good.bundle},
       "tls.crt: line " + line_behind(good.certificate) + ": BEGIN PRIVATE KEY is a private key"},
      {"a key with a passphrase",
       {good.certificate, encrypted_key(), good.bundle},
       "tls.key: line 1: BEGIN ENCRYPTED PRIVATE KEY cannot be read without a passphrase"},
      {"an old key with a passphrase",
       {good.certificate,
        relabelled(good.key, "PRIVATE KEY", "EC PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n\n"),
        good.bundle},
       "tls.key: line 1: BEGIN EC PRIVATE KEY cannot be read without a passphrase"},
      {"another's key",
       {good.certificate, workloads().price.key, good.bundle},
       "tls.key: is not the key of the first certificate in tls.crt"},
      {"the leaf behind its issuer",
       {middle.certificate + below.certificate, below.key, good.bundle},
       "tls.key: is not the key of the first certificate in tls.crt"},
      {"no bundle", {good.certificate, good.key, ""}, "ca.crt: holds no certificate"},
      {"half a bundle",
       {good.certificate, good.key, half},
       "ca.crt: line 1: BEGIN CERTIFICATE has no END"},
      {"a key in the bundle",
       {good.certificate, good.key, good.bundle + good.key},
       "ca.crt: line " + line_behind(good.bundle) + ": BEGIN PRIVATE KEY is a private key"},
      {"a certificate with trust settings in the bundle",
       {good.certificate, good.key,
        good.bundle + relabelled(good.bundle, "CERTIFICATE", "TRUSTED CERTIFICATE")},
       "ca.crt: line " + line_behind(good.bundle) + ": BEGIN TRUSTED CERTIFICATE has trust"},
      {"a container in the bundle",
       {good.certificate, good.key, good.bundle + relabelled(good.bundle, "CERTIFICATE", "PKCS7")},
       "ca.crt: line " + line_behind(good.bundle) + ": BEGIN PKCS7 is a container"},
      {"a revocation list in the bundle",
       {good.certificate, good.key,
        good.bundle + relabelled(good.bundle, "CERTIFICATE", "X509 CRL")},
       "ca.crt: line " + line_behind(good.bundle) + ": BEGIN X509 CRL is no certificate"},
      {"something behind a certificate, in its block",
       {good.certificate, good.key,
        "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n" + good.bundle},
       "ca.crt: line 1: certificate 1 cannot be read"},
      {"another's bundle",
       {good.certificate, good.key, stranger.certificate},
       "tls.crt: does not hold against ca.crt: no chain from it leads to a root that we trust"},
      {"an intermediate missing",
       {below.certificate, below.key, good.bundle},
       "tls.crt: does not hold against ca.crt: no chain"},
      {"a leaf in the bundle",
       {good.certificate, good.key, good.bundle + workloads().price.certificate},
       "ca.crt: line " + line_behind(good.bundle) +
           ": certificate 2, \"CN=workload\", is not a CA"},
      {"another trust domain", bent_leaf([](auto& s) { s.uris = {"spiffe://other.org/x"}; }),
       "tls.crt: its id spiffe://other.org/x is not of the trust domain example.org"},
      {"no SPIFFE id", bent_leaf([](auto& s) { s.uris.clear(); }),
       "tls.crt: its first certificate is no SVID: it has no URI"},
      {"for mail", bent_leaf([](auto& s) { s.extended_key_usage = "emailProtection"; }),
       "tls.crt: its first certificate is no SVID: its extended key usage lacks serverAuth and "
       "clientAuth"},
      {"expired", bent_leaf([](auto& s) { s.ends = -minutes(2); }),
       "tls.crt: expired at 2026-11-19T23:58:00Z"},
      {"not yet valid", bent_leaf([](auto& s) { s.begins = minutes(2); }),
       "tls.crt: is not valid before 2026-11-20T00:02:00Z"},
      {"a weak key", bent_leaf([](auto& s) { s.key = KeyKind::kRsa1024; }),
       "tls.crt: does not hold against ca.crt: EE certificate key too weak"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    const Result<TlsMaterial::Ptr> material = load_set(each.set);
    REQUIRE_FALSE(material);
    CAPTURE(material.error().message);
    CHECK(material.error().message.starts_with(each.why));
  }
  for (const char* const purpose : {"serverAuth", "clientAuth", ""}) {
    CAPTURE(purpose);
    CHECK(load_set(bent_leaf([&](auto& s) { s.extended_key_usage = purpose; })));
  }
  std::string many;
  for (int i = 0; i < 11; ++i) many += good.certificate;
  CHECK_FALSE(load_set({many, good.key, good.bundle}));
}

TEST_CASE("trust alone") {
  const TlsMaterial::Ptr material =
      sure(TlsMaterial::trust(pem("ca.crt", workloads().root.certificate)));
  CHECK(material->svid() == nullptr);
  CHECK(material->trust_domain().empty());
  CHECK(material->not_after() == WallTime::max());
  CHECK(material->chain().empty());
  CHECK(material->roots().size() == 1);
  CHECK_FALSE(TlsMaterial::trust(pem("ca.crt", "nothing")));
  CHECK_FALSE(sure(TlsContext::make(material))->has_identity());
}

TEST_CASE("files are read whole, or not at all") {
  const Folder folder;
  const Result<PemText> whole = read_pem_file(folder.put("a", "text"));
  REQUIRE(whole);
  CHECK(whole->text == "text");
  CHECK(whole->name == (folder.path / "a").string());
  CHECK(read_pem_file(folder.put("most", std::string(kMaxPemFile, 'x'))));

  const auto why = [](const std::string& path) {
    const Result<PemText> read = read_pem_file(path);
    return read ? "" : read.error().message.substr(path.size());
  };
  CHECK(why(folder.put("more", std::string(kMaxPemFile + 1, 'x'))) == ": is larger than 1 MiB");
  CHECK(why((folder.path / "none").string()) == ": no such file or directory");
  CHECK(why(folder.path.string()) == ": is not a regular file");
  const std::string pipe = (folder.path / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(why(pipe) == ": is not a regular file");
  CHECK(why("/dev/zero") == ": is not a regular file");
}

TEST_CASE("the system's roots") {
  const Result<PemText> roots = read_system_roots();
  if (!roots) {  // a machine without ca-certificates
    CHECK(roots.error().message.find("ca-certificates") != std::string::npos);
    return;
  }
  CHECK(TlsMaterial::trust(*roots));
}

}  // namespace
}  // namespace woad::test
