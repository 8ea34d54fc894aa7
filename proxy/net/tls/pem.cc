#include "proxy/net/tls/pem.h"

#include <openssl/pem.h>

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

}  // namespace

Error pem_fault(const PemText& source, const std::string& what) {
  ERR_clear_error();
  return Error{source.name + ": " + what};
}

Result<std::vector<X509Ptr>> read_certificates(const PemText& source) {
  std::vector<X509Ptr> found;
  const BioPtr in = read_bio(source.text);
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
    found.emplace_back(certificate);
  }
  const unsigned long end = ERR_peek_last_error();
  if (ERR_GET_LIB(end) != ERR_LIB_PEM || ERR_GET_REASON(end) != PEM_R_NO_START_LINE) {
    return pem_fault(source, "certificate " + std::to_string(found.size() + 1) +
                                 " cannot be read: " + take_openssl_words("not PEM"));
  }
  if (found.empty()) return pem_fault(source, "holds no certificate (PEM, BEGIN CERTIFICATE)");
  ERR_clear_error();
  return found;
}

Result<KeyPtr> read_private_key(const PemText& source) {
  const BioPtr in = read_bio(source.text);
  const auto refuse = [](char*, int, int, void*) { return -1; };
  KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, refuse, nullptr));
  if (key == nullptr) {
    return pem_fault(source,
                     "holds no private key that can be read without a passphrase (PEM, BEGIN "
                     "PRIVATE KEY)");
  }
  ERR_clear_error();
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
