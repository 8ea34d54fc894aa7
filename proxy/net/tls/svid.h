// SPIFFE ids and the X.509 certificates that carry them: the checks of the standards "SPIFFE-ID"
// and "X509-SVID" that stand beside the chain. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/base/time.h"

namespace woad {

inline constexpr std::string_view kSpiffeScheme = "spiffe://";
// Longest SPIFFE id and longest trust domain (SPIFFE-ID section 2.3), in bytes.
inline constexpr size_t kMaxSpiffeId = 2048;
inline constexpr size_t kMaxTrustDomain = 255;
// Clocks may differ by so much before a certificate counts as expired or not yet valid.
inline constexpr Duration kClockSkew = seconds(60);

// Views into the text that was parsed.
struct SpiffeId {
  std::string_view trust_domain;
  std::string_view path;  // with its leading slash; "" when there is none
};

// `spiffe://` and a trust domain of a-z 0-9 . - _, then no path or segments of A-Z a-z 0-9 . - _,
// none of them empty, `.` or `..` (SPIFFE-ID section 2). Byte-exact and length-aware: a NUL is as
// wrong as any other byte. The error says what is wrong and quotes the text.
Result<SpiffeId> parse_spiffe_id(std::string_view text);

// The error of a trust domain's own syntax.
Result<void> check_trust_domain(std::string_view name);
// The same for one segment of the path, without slashes.
Result<void> check_spiffe_segment(std::string_view segment);

// Who shows the certificate: it decides which extended key usage must be there (X509-SVID section
// 4.4). kEither is for our own certificate, which may be for one side alone.
enum class TlsSide : uint8_t { kServer, kClient, kEither };

// What a leaf certificate says of its holder; to be believed only when its chain holds.
struct Svid {
  std::string id;
  std::string trust_domain;
  WallTime not_before;
  WallTime not_after;
  std::string sha256;  // of the leaf's DER, 64 lower-case hexadecimal digits
};

// One certificate that must be a leaf SVID: version 3, no extension twice, exactly one URI SAN that
// is a SPIFFE id with a path, not a CA, a key usage, if any, with digitalSignature and without
// keyCertSign and cRLSign, and an extended key usage, if any, with the purpose of `shown_by`.
// Neither chain nor times are looked at. Names in the subject and other kinds of SAN count for
// nothing.
Result<Svid> read_svid_der(std::string_view der, TlsSide shown_by);
// The first certificate of a PEM text.
Result<Svid> read_svid_pem(std::string_view pem, TlsSide shown_by);

// Whether `now` is within the certificate's times, with kClockSkew on both sides.
enum class Validity : uint8_t { kValid, kNotYet, kExpired };
Validity validity(WallTime not_before, WallTime not_after, WallTime now);

}  // namespace woad
