// Keys, CAs and certificates for tests, good ones and every kind of bad one, made in memory.
//
//   const Issued root = issue(ca_spec("root"));
//   const Issued leaf = issue(leaf_spec("spiffe://example.org/ns/shop/sa/cart"), &root);
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/time.h"

namespace woad::test {

// The wall time of tests that judge certificates; valid times below are relative to it.
inline constexpr WallTime kCertificateNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}};

enum class KeyKind { kP256, kP384, kEd25519, kRsa1024, kRsa2048 };

struct CertificateSpec {
  std::string name;               // common name of the subject; "" for an empty subject
  std::vector<std::string> uris;  // alternative names, byte for byte
  std::vector<std::string> dns;
  // Basic constraints; left out when not set.
  std::optional<bool> ca = false;
  int path_length = -1;  // none
  // Extensions in OpenSSL's configuration words; "" leaves them out.
  std::string key_usage = "critical,digitalSignature";
  std::string extended_key_usage = "serverAuth,clientAuth";
  std::string name_constraints;
  // Extensions that are written a second time: "subjectAltName", "basicConstraints", "keyUsage".
  std::string twice;
  Duration begins = -hours(1);
  Duration ends = hours(24);
  KeyKind key = KeyKind::kP256;
  bool sha1 = false;
  int version = 3;
};

// A CA and a workload's leaf as they should be; to be bent from there.
CertificateSpec ca_spec(std::string_view name);
CertificateSpec leaf_spec(std::string_view id);

// PEM texts.
struct Issued {
  std::string certificate;
  std::string key;
};

// Signed by `issuer`, or by itself. Ends the test program when it cannot be made.
Issued issue(const CertificateSpec& spec, const Issued* issuer = nullptr);
// The same subject, key and constraints once more, as a CA that is renewed or cross-signed.
Issued reissue(const CertificateSpec& spec, const Issued& key_of, const Issued* issuer = nullptr);

// DER of the first certificate of a PEM text.
std::string der_of(const std::string& pem);

}  // namespace woad::test
