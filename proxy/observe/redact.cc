#include "proxy/observe/redact.h"

#include <algorithm>

#include "proxy/base/strings.h"

namespace woad {
namespace {

// Of names in lower case that have lost everything but letters and digits.
constexpr std::string_view kSecretParts[] = {
    "accesskey",  "apikey", "appkey",       "assertion", "bearer",     "cookie",
    "credential", "csrf",   "functionskey", "hmac",      "jwt",        "passc",
    "passphrase", "passw",  "privatekey",   "pwd",       "saml",       "secret",
    "session",    "sessid", "sharedkey",    "signature", "signingkey", "subscriptionkey",
    "token",      "xsrf"};
constexpr std::string_view kSecretNames[] = {"code", "cvc",  "cvv", "key", "otp",   "pass",
                                             "pin",  "sess", "sid", "sig", "ticket"};

std::string plain_name(std::string_view name) {
  std::string plain;
  plain.reserve(name.size());
  for (const char c : name) {
    const char small = to_lower(c);
    if ((small >= 'a' && small <= 'z') || (small >= '0' && small <= '9')) plain.push_back(small);
  }
  return plain;
}

// "auth", "x-auth-user", "authorization", but not "author" or "authority".
bool speaks_of_authentication(std::string_view plain) {
  for (size_t at = plain.find("auth"); at != std::string_view::npos;
       at = plain.find("auth", at + 1)) {
    const std::string_view rest = plain.substr(at);
    const bool who = rest.starts_with("author");
    if (!who || rest.starts_with("authoriz") || rest.starts_with("authoris")) return true;
  }
  return false;
}

void append_pair(std::string& out, std::string_view pair) {
  const size_t equals = pair.find('=');
  if (equals == std::string_view::npos ||
      !is_secret_name(percent_decoded(pair.substr(0, equals), false))) {
    out.append(pair);
    return;
  }
  out.append(pair.substr(0, equals + 1)).append(kRedacted);
}

}  // namespace

bool is_secret_name(std::string_view name) {
  const std::string plain = plain_name(name);
  const auto holds = [&](std::string_view part) { return plain.find(part) != std::string::npos; };
  return std::any_of(std::begin(kSecretParts), std::end(kSecretParts), holds) ||
         std::find(std::begin(kSecretNames), std::end(kSecretNames), plain) !=
             std::end(kSecretNames) ||
         speaks_of_authentication(plain);
}

std::string redact_query(std::string_view text) {
  const size_t mark = text.find('?');
  if (mark == std::string_view::npos) return std::string(text);
  std::string out(text.substr(0, mark + 1));
  std::string_view rest = text.substr(mark + 1);
  while (true) {
    const size_t end = rest.find_first_of("&;#?");
    append_pair(out, rest.substr(0, end));
    if (end == std::string_view::npos) return out;
    out.push_back(rest[end]);
    rest.remove_prefix(end + 1);
  }
}

std::string redact_userinfo(std::string_view authority) {
  const size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return std::string(authority);
  return std::string(kRedacted).append(authority.substr(at));
}

}  // namespace woad
