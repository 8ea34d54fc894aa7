#include "tests/support/certificates.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <memory>

#include "proxy/base/result.h"

namespace woad::test {
namespace {

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFree>;

Key make_key(KeyKind kind) {
  switch (kind) {
    case KeyKind::kP256: return Key(EVP_EC_gen("P-256"));
    case KeyKind::kP384: return Key(EVP_EC_gen("P-384"));
    case KeyKind::kEd25519: return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    case KeyKind::kRsa1024: return Key(EVP_RSA_gen(1024));
    case KeyKind::kRsa2048: return Key(EVP_RSA_gen(2048));
  }
  return nullptr;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string key_text(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()));
  WOAD_ASSERT(PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(out.get());
}

std::string certificate_text(X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  WOAD_ASSERT(PEM_write_bio_X509(out.get(), certificate) == 1);
  return text_of(out.get());
}

Bio reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Key read_key(const std::string& text) {
  Key key(PEM_read_bio_PrivateKey(reader(text).get(), nullptr, nullptr, nullptr));
  WOAD_ASSERT(key != nullptr);
  return key;
}

Certificate read_certificate(const std::string& text) {
  Certificate certificate(PEM_read_bio_X509(reader(text).get(), nullptr, nullptr, nullptr));
  WOAD_ASSERT(certificate != nullptr);
  return certificate;
}

void add_name(GENERAL_NAMES* names, int type, const std::string& text) {
  GENERAL_NAME* const name = GENERAL_NAME_new();
  ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
  ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
  GENERAL_NAME_set0_value(name, type, value);
  sk_GENERAL_NAME_push(names, name);
}

void add_alternative_names(X509* certificate, const CertificateSpec& spec) {
  if (spec.uris.empty() && spec.dns.empty()) return;
  GENERAL_NAMES* const names = sk_GENERAL_NAME_new_null();
  for (const std::string& dns : spec.dns) add_name(names, GEN_DNS, dns);
  for (const std::string& uri : spec.uris) add_name(names, GEN_URI, uri);
  const int times = spec.twice == "subjectAltName" ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    WOAD_ASSERT(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names,
                                  spec.name.empty() ? 1 : 0, X509V3_ADD_APPEND) == 1);
  }
  sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& words,
                   bool twice = false) {
  if (words.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, words.c_str());
  WOAD_ASSERT(extension != nullptr);
  for (int i = 0; i < (twice ? 2 : 1); ++i) {
    WOAD_ASSERT(X509_add_ext(certificate, extension, -1) == 1);
  }
  X509_EXTENSION_free(extension);
}

void add_extensions(X509* certificate, X509* issuer, const CertificateSpec& spec) {
  if (spec.version < 3) return;
  if (spec.ca) {
    std::string words = *spec.ca ? "critical,CA:TRUE" : "critical,CA:FALSE";
    if (spec.path_length >= 0) words += ",pathlen:" + std::to_string(spec.path_length);
    add_extension(certificate, issuer, NID_basic_constraints, words,
                  spec.twice == "basicConstraints");
  }
  add_extension(certificate, issuer, NID_key_usage, spec.key_usage, spec.twice == "keyUsage");
  add_extension(certificate, issuer, NID_ext_key_usage, spec.extended_key_usage);
  add_extension(certificate, issuer, NID_name_constraints, spec.name_constraints);
  add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  if (X509_get0_subject_key_id(issuer) != nullptr) {
    add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
  }
  add_alternative_names(certificate, spec);
}

void set_subject(X509* certificate, const CertificateSpec& spec) {
  if (spec.name.empty()) return;
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(spec.name.data()),
                             static_cast<int>(spec.name.size()), -1, 0);
}

void set_times(X509* certificate, const CertificateSpec& spec) {
  const auto seconds_of = [](WallTime time) {
    return std::chrono::floor<seconds>(time).time_since_epoch().count();
  };
  WOAD_ASSERT(ASN1_TIME_set(X509_getm_notBefore(certificate),
                            seconds_of(kCertificateNow + spec.begins)) != nullptr);
  WOAD_ASSERT(ASN1_TIME_set(X509_getm_notAfter(certificate),
                            seconds_of(kCertificateNow + spec.ends)) != nullptr);
}

Issued make(const CertificateSpec& spec, const Key& key, const Issued* issuer) {
  const Certificate certificate(X509_new());
  X509_set_version(certificate.get(), spec.version - 1);
  uint64_t serial = 0;
  for (const char c : key_text(key.get()) + spec.name) {
    serial = serial * 31 + static_cast<unsigned char>(c);
  }
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  set_subject(certificate.get(), spec);
  set_times(certificate.get(), spec);
  X509_set_pubkey(certificate.get(), key.get());
  Certificate parent;
  Key signer;
  if (issuer != nullptr) {
    parent = read_certificate(issuer->certificate);
    signer = read_key(issuer->key);
  }
  X509* const above = parent == nullptr ? certificate.get() : parent.get();
  EVP_PKEY* const signing = signer == nullptr ? key.get() : signer.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(above));
  add_extensions(certificate.get(), above, spec);
  const EVP_MD* digest = spec.sha1 ? EVP_sha1() : EVP_sha256();
  if (EVP_PKEY_is_a(signing, "ED25519") == 1) digest = nullptr;
  WOAD_ASSERT(X509_sign(certificate.get(), signing, digest) > 0);
  return {certificate_text(certificate.get()), key_text(key.get())};
}

}  // namespace

CertificateSpec ca_spec(std::string_view name) {
  CertificateSpec spec;
  spec.name = name;
  spec.ca = true;
  spec.key_usage = "critical,keyCertSign,cRLSign";
  spec.extended_key_usage.clear();
  return spec;
}

CertificateSpec leaf_spec(std::string_view id) {
  CertificateSpec spec;
  spec.name = "workload";
  spec.uris.emplace_back(id);
  return spec;
}

Issued issue(const CertificateSpec& spec, const Issued* issuer) {
  const Key key = make_key(spec.key);
  WOAD_ASSERT(key != nullptr);
  return make(spec, key, issuer);
}

Issued reissue(const CertificateSpec& spec, const Issued& key_of, const Issued* issuer) {
  return make(spec, read_key(key_of.key), issuer);
}

std::string der_of(const std::string& pem) {
  const Certificate certificate = read_certificate(pem);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  WOAD_ASSERT(size > 0);
  std::string bytes(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace woad::test
