#include "proxy/net/tls/pem.h"

#include <openssl/pem.h>

#include "proxy/net/tls/pem_blocks.h"

namespace woad {
namespace {

BioPtr make_writer() {
  BioPtr out(BIO_new(BIO_s_mem()));
  WOAD_ASSERT(out != nullptr);
  return out;
}

std::string text_of(const BioPtr& written) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(written.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

Error block_fault(const PemText& source, const PemBlock& block, const std::string& what) {
  return pem_fault(source, "line " + std::to_string(block.line) + ": " + what);
}

// The older label too (RFC 7468 section 5.3).
bool is_certificate(const PemBlock& block) {
  return block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE";
}

bool is_private_key(const PemBlock& block) { return block.label.ends_with("PRIVATE KEY"); }

// Stands in front of an EC PRIVATE KEY, which holds the same once more.
bool is_parameters(const PemBlock& block) { return block.label == "EC PARAMETERS"; }

bool belongs(const PemBlock& block, PemHolds holds) {
  const bool of_key = is_private_key(block) || is_parameters(block);
  switch (holds) {
    case PemHolds::kKey: return of_key;
    case PemHolds::kCertificatesAndKey: return of_key || is_certificate(block);
    default: return is_certificate(block);
  }
}

// Why a block is not taken, and what to do about it.
std::string stranger_words(const PemBlock& block, PemHolds holds) {
  const std::string begin = "BEGIN " + block.label;
  if (block.label == "TRUSTED CERTIFICATE") {
    return begin + " has trust settings, which would be lost; write it without (openssl x509)";
  }
  if (block.label == "PKCS7" || block.label == "CMS") {
    return begin + " is a container; write its certificates (openssl pkcs7 -print_certs)";
  }
  if (holds == PemHolds::kKey) return begin + " is no private key";
  return begin +
         (is_private_key(block) ? " is a private key, not a certificate" : " is no certificate");
}

Result<std::vector<PemBlock>> read_blocks(const PemText& source, PemHolds holds) {
  Result<std::vector<PemBlock>> blocks = read_pem_blocks(source.text);
  if (!blocks) return pem_fault(source, blocks.error().message);
  for (const PemBlock& block : *blocks) {
    if (!belongs(block, holds)) return block_fault(source, block, stranger_words(block, holds));
  }
  return blocks;
}

// nullptr when it is none, or has something behind it.
X509Ptr certificate_of(const PemBlock& block) {
  ERR_clear_error();
  const auto* at = reinterpret_cast<const unsigned char*>(block.der.data());
  const unsigned char* const end = at + block.der.size();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(block.der.size())));
  return at == end ? std::move(certificate) : nullptr;
}

// nullptr also for one with a passphrase: nobody is asked for it.
KeyPtr private_key_of(const PemBlock& block) {
  if (block.has_headers || block.label == "ENCRYPTED PRIVATE KEY") return nullptr;
  const auto* at = reinterpret_cast<const unsigned char*>(block.der.data());
  return KeyPtr(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(block.der.size())));
}

}  // namespace

Error pem_fault(const PemText& source, const std::string& what) {
  ERR_clear_error();
  return Error{source.name + ": " + what};
}

Result<std::vector<X509Ptr>> read_certificates(const PemText& source, PemHolds holds) {
  const Result<std::vector<PemBlock>> blocks = read_blocks(source, holds);
  if (!blocks) return blocks.error();
  std::vector<X509Ptr> found;
  for (const PemBlock& block : *blocks) {
    if (!is_certificate(block)) continue;
    const std::string which = "certificate " + std::to_string(found.size() + 1);
    X509Ptr certificate = certificate_of(block);
    if (certificate == nullptr) {
      return block_fault(source, block,
                         which + " cannot be read: " + take_openssl_words("not DER"));
    }
    if (holds == PemHolds::kAuthorities &&
        (X509_get_extension_flags(certificate.get()) & EXFLAG_CA) == 0) {
      return block_fault(source, block,
                         which + ", " + subject_words(certificate.get()) + ", is not a CA");
    }
    found.push_back(std::move(certificate));
  }
  ERR_clear_error();
  if (found.empty()) return pem_fault(source, "holds no certificate (PEM, BEGIN CERTIFICATE)");
  return found;
}

Result<KeyPtr> read_private_key(const PemText& source, PemHolds holds) {
  const Result<std::vector<PemBlock>> blocks = read_blocks(source, holds);
  if (!blocks) return blocks.error();
  KeyPtr key;
  for (const PemBlock& block : *blocks) {
    if (!is_private_key(block)) continue;
    if (key != nullptr) return block_fault(source, block, "is a second private key");
    key = private_key_of(block);
    if (key == nullptr) {
      return block_fault(source, block,
                         "BEGIN " + block.label + " cannot be read without a passphrase");
    }
  }
  ERR_clear_error();
  if (key == nullptr) return pem_fault(source, "holds no private key (PEM, BEGIN PRIVATE KEY)");
  return key;
}

std::string to_pem(X509* certificate) {
  const BioPtr out = make_writer();
  WOAD_ASSERT(PEM_write_bio_X509(out.get(), certificate) == 1);
  return text_of(out);
}

std::string to_pem(EVP_PKEY* private_key) {
  const BioPtr out = make_writer();
  WOAD_ASSERT(
      PEM_write_bio_PrivateKey(out.get(), private_key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(out);
}

}  // namespace woad
