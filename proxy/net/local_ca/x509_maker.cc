#include "proxy/net/local_ca/x509_maker.h"

#include <openssl/bn.h>

namespace woad {
namespace {

// ub-common-name of RFC 5280 appendix A.1.
constexpr size_t kMaxCommonName = 64;
// The longest positive serial (RFC 5280 section 4.1.2.2) has 20 bytes with the first bit clear.
constexpr int kSerialBits = 159;

using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>>;

bool set_serial(X509* certificate) {
  const NumberPtr number(BN_new());
  return BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_times(X509* certificate, WallTime not_before, WallTime not_after) {
  const auto seconds_of = [](WallTime time) {
    return std::chrono::floor<seconds>(time).time_since_epoch().count();
  };
  return ASN1_TIME_set(X509_getm_notBefore(certificate), seconds_of(not_before)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), seconds_of(not_after)) != nullptr;
}

bool set_common_name(X509* certificate, std::string_view name) {
  name = name.substr(0, kMaxCommonName);
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1;
}

// `words` are OpenSSL's own configuration words; nothing of a user goes into them.
bool add_extension(X509* certificate, X509* issuer, int kind, const char* words) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, kind, words));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool add_name(GENERAL_NAMES* names, int kind, const std::string& text) {
  GENERAL_NAME* const name = GENERAL_NAME_new();
  ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
  WOAD_ASSERT(name != nullptr && value != nullptr);
  GENERAL_NAME_set0_value(name, kind, value);
  return ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1 &&
         sk_GENERAL_NAME_push(names, name) > 0;
}

bool add_alternative_names(X509* certificate, const std::string& uri,
                           const std::vector<std::string>& dns) {
  const NamesPtr names(sk_GENERAL_NAME_new_null());
  bool good = add_name(names.get(), GEN_URI, uri);
  for (const std::string& name : dns) good = good && add_name(names.get(), GEN_DNS, name);
  return good && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0,
                                   X509V3_ADD_DEFAULT) == 1;
}

bool start(X509* certificate, EVP_PKEY* key, WallTime not_before, WallTime not_after) {
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         set_times(certificate, not_before, not_after) && X509_set_pubkey(certificate, key) == 1;
}

bool finish(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  return X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
         add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
         add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
         X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
}

Result<X509Ptr> made(X509Ptr certificate, bool good) {
  if (good) return certificate;
  return Error{"a certificate cannot be made: " + take_openssl_words("OpenSSL does not say why")};
}

}  // namespace

KeyPtr make_p256_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  WOAD_ASSERT(key != nullptr);
  return key;
}

// X509-SVID sections 3.2, 4.1 and 4.3.
Result<X509Ptr> make_root(EVP_PKEY* key, const std::string& trust_domain, WallTime not_before,
                          WallTime not_after) {
  X509Ptr root(X509_new());
  X509* const it = root.get();
  const bool good = start(it, key, not_before, not_after) && set_common_name(it, "woad local CA") &&
                    add_extension(it, it, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(it, it, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_alternative_names(it, "spiffe://" + trust_domain, {}) &&
                    finish(it, it, key);
  return made(std::move(root), good);
}

// X509-SVID sections 2, 4.3 and 4.4.
Result<X509Ptr> make_leaf(EVP_PKEY* key, const LeafNames& names, WallTime not_before,
                          WallTime not_after, X509* issuer, EVP_PKEY* issuer_key) {
  X509Ptr leaf(X509_new());
  X509* const it = leaf.get();
  const bool good = start(it, key, not_before, not_after) && set_common_name(it, names.subject) &&
                    add_extension(it, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(it, issuer, NID_key_usage, "critical,digitalSignature") &&
                    add_extension(it, issuer, NID_ext_key_usage, "serverAuth,clientAuth") &&
                    add_alternative_names(it, names.id, names.dns) &&
                    finish(it, issuer, issuer_key);
  return made(std::move(leaf), good);
}

}  // namespace woad
