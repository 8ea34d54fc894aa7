#include "proxy/net/tls/openssl.h"

#include <algorithm>
#include <ctime>

#include "proxy/net/tls/words.h"

namespace woad {
namespace {

constexpr size_t kMaxSubject = 200;

}  // namespace

void init_openssl() { OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr); }

std::string take_openssl_words(std::string_view otherwise) {
  const unsigned long code = ERR_peek_last_error();
  const char* const words = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return words == nullptr ? std::string(otherwise) : std::string(words);
}

BioPtr read_bio(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string subject_words(const X509* certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return size > 0 ? in_quotes({data, static_cast<size_t>(size)}, kMaxSubject) : "\"\"";
}

std::optional<WallTime> wall_time(const ASN1_TIME* time) {
  tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  constexpr seconds kReach = std::chrono::floor<seconds>(Duration::max() - hours(24));
  const seconds whole(timegm(&parts));
  return WallTime(std::clamp(whole, -kReach, kReach));
}

}  // namespace woad
