#include "proxy/net/tls/anchors.h"

#include "proxy/net/tls/verify.h"

namespace woad {
namespace {

void free_stack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
using StackPtr = std::unique_ptr<STACK_OF(X509), OpensslFree<free_stack>>;

bool has_subject_twice(const std::vector<X509Ptr>& anchors) {
  for (size_t i = 1; i < anchors.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (X509_NAME_cmp(X509_get_subject_name(anchors[i].get()),
                        X509_get_subject_name(anchors[j].get())) == 0) {
        return true;
      }
    }
  }
  return false;
}

bool issued(X509_STORE_CTX* context, X509* issuer, X509* certificate) {
  return X509_STORE_CTX_get_check_issued(context)(context, certificate, issuer) != 0 &&
         X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
}

// OpenSSL takes the first anchor whose name and key identifier fit, and never another. Here the
// signature decides too; of several, one that is valid now.
int find_issuer(X509** issuer, X509_STORE_CTX* context, X509* certificate) {
  const StackPtr candidates(X509_STORE_CTX_get1_certs(context, X509_get_issuer_name(certificate)));
  const time_t now = X509_VERIFY_PARAM_get_time(X509_STORE_CTX_get0_param(context));
  X509* found = nullptr;
  for (int i = 0; i < sk_X509_num(candidates.get()); ++i) {
    X509* const candidate = sk_X509_value(candidates.get(), i);
    if (!issued(context, candidate, certificate)) continue;
    found = candidate;
    if (validity_of(found, WallTime(seconds(now))) == Validity::kValid) break;
  }
  ERR_clear_error();
  if (found == nullptr) return 0;
  X509_up_ref(found);
  *issuer = found;
  return 1;
}

}  // namespace

StorePtr make_anchors(const std::vector<X509Ptr>& anchors) {
  StorePtr store(X509_STORE_new());
  WOAD_ASSERT(store != nullptr);
  for (const X509Ptr& anchor : anchors) {
    WOAD_ASSERT(X509_STORE_add_cert(store.get(), anchor.get()) == 1);
  }
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  // A signature to check for each candidate: only where there is a choice.
  if (has_subject_twice(anchors)) X509_STORE_set_get_issuer(store.get(), find_issuer);
  ERR_clear_error();
  return store;
}

}  // namespace woad
