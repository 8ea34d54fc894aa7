#include "proxy/observe/redact.h"

#include <algorithm>
#include <optional>
#include <utility>

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
constexpr std::string_view kSecretNames[] = {"code", "codeverifier", "cvc",    "cvv",  "devicecode",
                                             "key",  "otp",          "pass",   "pin",  "sess",
                                             "sid",  "sig",          "ticket", "totp", "usercode"};

std::string plain_name(std::string_view name) {
  std::string plain;
  plain.reserve(name.size());
  for (const char c : name) {
    if (is_alnum(c)) plain.push_back(to_lower(c));
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

// So often is text decoded that was encoded within text: a URL in a URL in a URL. What is encoded
// deeper is nobody's to read here, and counts as a secret.
constexpr int kMaxDecodings = 3;

// Nothing: it is encoded deeper than that.
std::optional<std::string> fully_decoded(std::string_view text) {
  std::string plain(text);
  for (int i = 0; i <= kMaxDecodings; ++i) {
    std::string next = percent_decoded(plain, true);
    if (next == plain) return plain;
    plain = std::move(next);
  }
  return std::nullopt;
}

bool is_hidden(std::string_view key, HiddenNames more) {
  const std::optional<std::string> plain = fully_decoded(key);
  if (!plain || is_secret_name(*plain)) return true;
  const auto same = [&](const std::string& name) { return equals_ignore_case(name, *plain); };
  return std::any_of(more.begin(), more.end(), same);
}

// A value that is a query or a URL itself may hold a pair with a secret.
bool holds_secret(std::string_view value, HiddenNames more) {
  if (value.find_first_of("%=") == std::string_view::npos) return false;
  const std::optional<std::string> plain = fully_decoded(value);
  if (!plain) return true;
  const std::string_view text = *plain;
  for (size_t equals = text.find('='); equals != std::string_view::npos;
       equals = text.find('=', equals + 1)) {
    const std::string_view before = text.substr(0, equals);
    const size_t start = before.find_last_of("&;#?=") + 1;  // npos + 1 is 0
    if (is_hidden(before.substr(start), more)) return true;
  }
  return false;
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

std::string redact_pairs(std::string_view query, HiddenNames more) {
  std::string out;
  while (true) {
    size_t end = query.find_first_of("&;#?");
    const std::string_view pair = query.substr(0, end);
    const size_t equals = pair.find('=');
    const bool valued = equals != std::string_view::npos;
    if (valued && is_hidden(pair.substr(0, equals), more)) {
      out.append(pair.substr(0, equals + 1)).append(kRedacted);
      end = query.find_first_of("&#");  // servers differ on the others, so they end no secret
    } else if (valued && holds_secret(pair.substr(equals + 1), more)) {
      out.append(pair.substr(0, equals + 1)).append(kRedacted);
    } else {
      out.append(pair);
    }
    if (end == std::string_view::npos) return out;
    out.push_back(query[end]);
    query.remove_prefix(end + 1);
  }
}

std::string redact_query(std::string_view text) {
  const size_t mark = text.find('?');
  if (mark == std::string_view::npos) return std::string(text);
  return std::string(text.substr(0, mark + 1)).append(redact_pairs(text.substr(mark + 1)));
}

std::string redact_userinfo(std::string_view authority) {
  const size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return std::string(authority);
  return std::string(kRedacted).append(authority.substr(at));
}

}  // namespace woad
