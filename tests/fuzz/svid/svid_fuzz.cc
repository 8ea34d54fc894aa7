// The input is a SPIFFE id, a DER certificate and a PEM text. What is accepted keeps every promise
// of svid.h, and sentences carry nothing unprintable.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxy/net/tls/svid.h"

namespace {

using woad::Result;
using woad::SpiffeId;
using woad::Svid;
using woad::TlsSide;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_sentence(const woad::Error& error) {
  require(!error.message.empty() && error.message.size() < 2000);
  require(std::all_of(error.message.begin(), error.message.end(),
                      [](char c) { return c >= 0x20 && c < 0x7f; }));
}

bool good_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         segment.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
             "0123456789.-_") == std::string_view::npos;
}

void check_id(std::string_view text) {
  const Result<SpiffeId> id = woad::parse_spiffe_id(text);
  if (!id) {
    check_sentence(id.error());
    return;
  }
  require(text.size() <= woad::kMaxSpiffeId && text.starts_with("spiffe://"));
  require(id->trust_domain.size() + id->path.size() + 9 == text.size());
  require(!id->trust_domain.empty() && id->trust_domain.size() <= woad::kMaxTrustDomain);
  require(id->trust_domain.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_") ==
          std::string_view::npos);
  std::string_view path = id->path;
  while (!path.empty()) {
    require(path[0] == '/');
    const size_t end = std::min(path.find('/', 1), path.size());
    require(good_segment(path.substr(1, end - 1)));
    path.remove_prefix(end);
  }
}

void check_svid(const Result<Svid>& svid) {
  if (!svid) {
    check_sentence(svid.error());
    return;
  }
  const Result<SpiffeId> id = woad::parse_spiffe_id(svid->id);
  require(id && !id->path.empty() && id->trust_domain == svid->trust_domain);
  require(svid->sha256.size() == 64 &&
          svid->sha256.find_first_not_of("0123456789abcdef") == std::string::npos);
  // Any times can be compared.
  static_cast<void>(woad::validity(svid->not_before, svid->not_after, woad::WallTime{}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_id(text);
  const Result<Svid> both = woad::read_svid_der(text, TlsSide::kEither);
  const Result<Svid> server = woad::read_svid_der(text, TlsSide::kServer);
  const Result<Svid> client = woad::read_svid_der(text, TlsSide::kClient);
  check_svid(both);
  check_svid(server);
  check_svid(client);
  require(static_cast<bool>(both) == (server || client));
  check_svid(woad::read_svid_pem(text, TlsSide::kEither));
  return 0;
}
