#include "proxy/net/tls/verify.h"

#include <algorithm>
#include <cstring>

#include "proxy/net/tls/svid_x509.h"
#include "proxy/net/tls/words.h"

namespace woad {
namespace {

// Our own refusals: the alert bad_certificate.
constexpr int kRejected = X509_V_ERR_CERT_REJECTED;

// OpenSSL prefers issuers that are valid at the very second, and asks here when there is none.
int forgive_skew(int good, X509_STORE_CTX* context) {
  if (good == 1) return 1;
  const int code = X509_STORE_CTX_get_error(context);
  if (code != X509_V_ERR_CERT_HAS_EXPIRED && code != X509_V_ERR_CERT_NOT_YET_VALID) return 0;
  const X509* const certificate = X509_STORE_CTX_get_current_cert(context);
  const time_t now = X509_VERIFY_PARAM_get_time(X509_STORE_CTX_get0_param(context));
  if (validity_of(certificate, WallTime(seconds(now))) != Validity::kValid) return 0;
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;
}

std::string time_words(const X509* certificate, bool expired) {
  const auto when =
      wall_time(expired ? X509_get0_notAfter(certificate) : X509_get0_notBefore(certificate));
  return (expired ? "it expired at " : "it is not valid before ") +
         (when ? utc_words(*when) : "a time that cannot be read");
}

// The DNS names that a server proves, for the sentence about a wrong one.
std::string names_words(X509* certificate) {
  std::string words;
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names) && words.size() < 200; ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    const ASN1_IA5STRING* const dns = name->d.dNSName;
    if (!words.empty()) words += ", ";
    words += in_quotes({reinterpret_cast<const char*>(ASN1_STRING_get0_data(dns)),
                        static_cast<size_t>(ASN1_STRING_length(dns))});
  }
  GENERAL_NAMES_free(names);
  return words.empty() ? "none" : words;
}

std::string failure_words(X509_STORE_CTX* context) {
  const int code = X509_STORE_CTX_get_error(context);
  const int depth = X509_STORE_CTX_get_error_depth(context);
  X509* const current = X509_STORE_CTX_get_current_cert(context);
  if (current == nullptr) return X509_verify_cert_error_string(code);
  const std::string who = depth == 0 ? ""
                                     : " (certificate " + std::to_string(depth) +
                                           " of its chain, " + subject_words(current) + ")";
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return time_words(current, true) + who;
    case X509_V_ERR_CERT_NOT_YET_VALID: return time_words(current, false) + who;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "it is signed by itself, and no root that we trust";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "its chain ends at a root that we do not trust" + who;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "no chain from it leads to a root that we trust; the issuer is missing of " +
             subject_words(current);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "it is not for the name that was called; its names: " + names_words(current);
    default: return X509_verify_cert_error_string(code) + who;
  }
}

ChainVerdict judge_issuers(STACK_OF(X509) * chain) {
  ChainVerdict verdict;
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* const certificate = sk_X509_value(chain, i);
    verdict.not_before = std::max(
        verdict.not_before, wall_time(X509_get0_notBefore(certificate)).value_or(WallTime::max()));
    verdict.not_after = std::min(
        verdict.not_after, wall_time(X509_get0_notAfter(certificate)).value_or(WallTime::min()));
    if (i == 0) continue;
    // Without a key usage all bits are set (RFC 5280 section 6.1.4).
    if ((X509_get_extension_flags(certificate) & EXFLAG_CA) != 0 &&
        (X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN) != 0) {
      continue;
    }
    verdict.code = X509_V_ERR_INVALID_CA;
    verdict.why = "its issuer " + subject_words(certificate) + " is no CA that may sign";
    return verdict;
  }
  return verdict;
}

PeerVerdict refuse(int code, std::string why) { return {code, std::move(why), nullptr}; }

PeerVerdict check_allowed(PeerVerdict verdict, const PeerDemand& demand) {
  if (demand.allowed == nullptr || !*demand.allowed || (*demand.allowed)(verdict.svid->id)) {
    return verdict;
  }
  return refuse(kRejected, "its id " + verdict.svid->id + " is not the expected " +
                               std::string(demand.expected));
}

}  // namespace

Validity validity_of(const X509* certificate, WallTime now) {
  const auto begin = wall_time(X509_get0_notBefore(certificate));
  const auto end = wall_time(X509_get0_notAfter(certificate));
  return begin && end ? validity(*begin, *end, now) : Validity::kExpired;
}

ChainVerdict verify_chain(X509_STORE_CTX* context, WallTime now) {
  X509_STORE_CTX_set_time(context, 0, std::chrono::floor<seconds>(now).time_since_epoch().count());
  X509_STORE_CTX_set_verify_cb(context, forgive_skew);
  ERR_clear_error();
  const int good = X509_verify_cert(context);
  ERR_clear_error();
  if (good == 1) return judge_issuers(X509_STORE_CTX_get0_chain(context));
  ChainVerdict verdict;
  verdict.code = X509_STORE_CTX_get_error(context);
  if (verdict.code == X509_V_OK) verdict.code = X509_V_ERR_UNSPECIFIED;
  verdict.why = failure_words(context);
  return verdict;
}

size_t PeerVerifier::KeyHash::operator()(const Key& key) const {
  size_t hash;
  std::memcpy(&hash, key.data(), sizeof hash);
  return hash;
}

PeerVerifier::PeerVerifier() : sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {
  WOAD_ASSERT(sha256_ != nullptr);
}

PeerVerdict PeerVerifier::judge(X509_STORE_CTX* context, const PeerDemand& demand,
                                WallTime now) const {
  if (demand.trust_domain.empty()) {
    ChainVerdict chain = verify_chain(context, now);
    verified_.fetch_add(1, std::memory_order_relaxed);
    return refuse(chain.code, std::move(chain.why));
  }
  const Key key = key_of(context, demand.shown_by);
  std::shared_ptr<const Svid> known = remembered(key, now);
  if (known != nullptr) {
    cached_.fetch_add(1, std::memory_order_relaxed);
    return check_allowed({X509_V_OK, {}, std::move(known)}, demand);
  }
  verified_.fetch_add(1, std::memory_order_relaxed);
  PeerVerdict verdict = verify_svid(context, demand, key, now);
  return verdict.code == X509_V_OK ? check_allowed(std::move(verdict), demand) : verdict;
}

// The SVID first: its sentences say more than OpenSSL's, and it costs no signature.
PeerVerdict PeerVerifier::verify_svid(X509_STORE_CTX* context, const PeerDemand& demand,
                                      const Key& key, WallTime now) const {
  X509* const leaf = X509_STORE_CTX_get0_cert(context);
  Result<Svid> svid = read_svid(leaf, demand.shown_by);
  if (!svid) return refuse(kRejected, svid.error().message);
  if (svid->trust_domain != demand.trust_domain) {
    return refuse(kRejected, "its id " + svid->id + " is of the trust domain " +
                                 svid->trust_domain + ", not of ours, " +
                                 std::string(demand.trust_domain));
  }
  switch (validity(svid->not_before, svid->not_after, now)) {
    case Validity::kExpired: return refuse(X509_V_ERR_CERT_HAS_EXPIRED, time_words(leaf, true));
    case Validity::kNotYet: return refuse(X509_V_ERR_CERT_NOT_YET_VALID, time_words(leaf, false));
    case Validity::kValid: break;
  }
  ChainVerdict chain = verify_chain(context, now);
  if (chain.code != X509_V_OK) return refuse(chain.code, std::move(chain.why));
  auto shared = std::make_shared<const Svid>(std::move(*svid));
  remember(key, {shared, chain.not_before, chain.not_after});
  return {X509_V_OK, {}, std::move(shared)};
}

PeerVerifier::Key PeerVerifier::key_of(X509_STORE_CTX* context, TlsSide shown_by) const {
  Key key{};
  const DigestContextPtr digest(EVP_MD_CTX_new());
  bool good = EVP_DigestInit_ex2(digest.get(), sha256_.get(), nullptr) == 1;
  good = good && EVP_DigestUpdate(digest.get(), &shown_by, sizeof shown_by) == 1;
  const auto add = [&](const X509* certificate) {
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    good = good && X509_digest(certificate, sha256_.get(), hash, &size) == 1 &&
           EVP_DigestUpdate(digest.get(), hash, size) == 1;
  };
  add(X509_STORE_CTX_get0_cert(context));
  STACK_OF(X509)* const presented = X509_STORE_CTX_get0_untrusted(context);
  for (int i = 0; i < sk_X509_num(presented); ++i) add(sk_X509_value(presented, i));
  WOAD_ASSERT(good && EVP_DigestFinal_ex(digest.get(), key.data(), nullptr) == 1);
  return key;
}

std::shared_ptr<const Svid> PeerVerifier::remembered(const Key& key, WallTime now) const {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return nullptr;
  const auto found = held_.find(key);
  if (found == held_.end()) return nullptr;
  const Held& held = found->second;
  return validity(held.not_before, held.not_after, now) == Validity::kValid ? held.svid : nullptr;
}

void PeerVerifier::remember(const Key& key, Held held) const {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  if (held_.size() >= kMaxRemembered) held_.clear();
  held_.insert_or_assign(key, std::move(held));
}

}  // namespace woad
