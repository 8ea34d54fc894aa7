#include "proxy/net/tls/svid_x509.h"

#include <openssl/pem.h>

#include "proxy/base/strings.h"
#include "proxy/net/tls/words.h"

namespace woad {
namespace {

// More are never needed, and each is compared with each.
constexpr int kMaxExtensions = 64;
// X509_get_version() of version 3.
constexpr long kVersion3 = 2;

using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;

// RFC 5280 section 4.2: no more than one instance of an extension.
Result<void> check_extensions(X509* certificate) {
  if (X509_get_version(certificate) != kVersion3) return Error{"it is not of X.509 version 3"};
  const int count = X509_get_ext_count(certificate);
  if (count > kMaxExtensions) return Error{"it has " + std::to_string(count) + " extensions"};
  for (int i = 0; i < count; ++i) {
    const ASN1_OBJECT* const kind = X509_EXTENSION_get_object(X509_get_ext(certificate, i));
    if (X509_get_ext_by_OBJ(certificate, kind, i) < 0) continue;
    char name[80];
    OBJ_obj2txt(name, sizeof name, kind, 0);
    return Error{"it has the extension " + in_quotes(name) + " twice"};
  }
  if ((X509_get_extension_flags(certificate) & EXFLAG_INVALID) != 0) {
    return Error{"one of its extensions cannot be read"};
  }
  return {};
}

Result<void> read_id(X509* certificate, Svid& svid) {
  Result<std::string> uri = read_uri_san(certificate);
  if (!uri) return uri.error();
  const Result<SpiffeId> id = parse_spiffe_id(*uri);
  if (!id) return id.error();
  if (id->path.empty()) {
    return Error{in_quotes(*uri) + " names a whole trust domain, not a workload: it has no path"};
  }
  svid.trust_domain = id->trust_domain;
  svid.id = std::move(*uri);
  return {};
}

// X509-SVID sections 4.1, 4.3 and 5.2. A missing key usage allows nothing that is forbidden here,
// and common tools leave it out.
Result<void> check_usage(X509* certificate) {
  if ((X509_get_extension_flags(certificate) & EXFLAG_CA) != 0) return Error{"it is a CA's"};
  if ((X509_get_extension_flags(certificate) & EXFLAG_KUSAGE) == 0) return {};
  const uint32_t usage = X509_get_key_usage(certificate);
  if ((usage & KU_KEY_CERT_SIGN) != 0) return Error{"its key usage has keyCertSign"};
  if ((usage & KU_CRL_SIGN) != 0) return Error{"its key usage has cRLSign"};
  if ((usage & KU_DIGITAL_SIGNATURE) == 0) return Error{"its key usage lacks digitalSignature"};
  return {};
}

// X509-SVID section 4.4.
Result<void> check_purpose(X509* certificate, TlsSide shown_by) {
  if ((X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) == 0) return {};
  const uint32_t usage = X509_get_extended_key_usage(certificate);
  const bool serves = (usage & XKU_SSL_SERVER) != 0;
  const bool calls = (usage & XKU_SSL_CLIENT) != 0;
  switch (shown_by) {
    case TlsSide::kServer:
      if (!serves) return Error{"its extended key usage lacks serverAuth"};
      break;
    case TlsSide::kClient:
      if (!calls) return Error{"its extended key usage lacks clientAuth"};
      break;
    case TlsSide::kEither:
      if (!serves && !calls) {
        return Error{"its extended key usage lacks serverAuth and clientAuth"};
      }
      break;
  }
  return {};
}

Result<void> read_times(const X509* certificate, Svid& svid) {
  const auto begin = wall_time(X509_get0_notBefore(certificate));
  const auto end = wall_time(X509_get0_notAfter(certificate));
  if (!begin || !end) return Error{"its times cannot be read"};
  svid.not_before = *begin;
  svid.not_after = *end;
  return {};
}

}  // namespace

Result<std::string> read_uri_san(X509* certificate) {
  int found = 0;  // -1: absent; -2: twice
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, &found, nullptr)));
  if (names == nullptr && found != -1) return Error{"its alternative names cannot be read"};
  const ASN1_IA5STRING* uri = nullptr;
  int uris = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    uri = name->d.uniformResourceIdentifier;
    ++uris;
  }
  if (uris == 0) return Error{"it has no URI among its alternative names"};
  if (uris > 1) {
    return Error{"it has " + std::to_string(uris) + " URIs among its alternative names"};
  }
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                     static_cast<size_t>(ASN1_STRING_length(uri)));
}

std::string certificate_hash(const X509* certificate) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  WOAD_ASSERT(X509_digest(certificate, EVP_sha256(), hash, &size) == 1);
  return hex_of_bytes({reinterpret_cast<const char*>(hash), size});
}

Result<Svid> read_svid(X509* certificate, TlsSide shown_by) {
  Svid svid;
  Result<void> checked = check_extensions(certificate);
  if (checked) checked = read_id(certificate, svid);
  if (checked) checked = check_usage(certificate);
  if (checked) checked = check_purpose(certificate, shown_by);
  if (checked) checked = read_times(certificate, svid);
  ERR_clear_error();
  if (!checked) return checked.error();
  svid.sha256 = certificate_hash(certificate);
  return svid;
}

Result<Svid> read_svid_der(std::string_view der, TlsSide shown_by) {
  init_openssl();
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const end = at + der.size();
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (certificate == nullptr || at != end) return Error{"it is no DER certificate"};
  return read_svid(certificate.get(), shown_by);
}

Result<Svid> read_svid_pem(std::string_view pem, TlsSide shown_by) {
  init_openssl();
  const BioPtr in = read_bio(pem);
  const X509Ptr certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (certificate == nullptr) return Error{"it holds no PEM certificate"};
  return read_svid(certificate.get(), shown_by);
}

}  // namespace woad
