#include "proxy/observe/redact.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

TEST_CASE("redact: names of secrets") {
  for (const char* name : {"authorization",
                           "Authorization",
                           "proxy-authorization",
                           "x-authorisation",
                           "cookie",
                           "Set-Cookie",
                           "x-auth",
                           "X-Auth-User",
                           "auth",
                           "oauth_nonce",
                           "authenticate",
                           "token",
                           "access_token",
                           "accessToken",
                           "id-token",
                           "refresh.token",
                           "x-csrf-token",
                           "XSRF",
                           "api_key",
                           "X-Api-Key",
                           "apikey",
                           "apiKey",
                           "key",
                           "aws_access_key_id",
                           "private_key",
                           "Ocp-Apim-Subscription-Key",
                           "x-functions-key",
                           "password",
                           "passwd",
                           "passphrase",
                           "passcode",
                           "pwd",
                           "user[pwd]",
                           "client_secret",
                           "secret",
                           "session",
                           "PHPSESSID",
                           "JSESSIONID",

                           "sid",
                           "sig",
                           "X-Amz-Signature",
                           "X-Amz-Credential",
                           "code",
                           "otp",
                           "pin",
                           "cvv",
                           "SAMLResponse",
                           "client_assertion",
                           "ticket",
                           "x-jwt",
                           "bearer",
                           "x-hub-hmac",
                           "author-token"}) {
    CAPTURE(name);
    CHECK(is_secret_name(name));
  }
  for (const char* name : {"",
                           "accept",
                           "host",
                           "author",
                           "authors",
                           "authority",
                           "x-forwarded-authority",
                           "user-agent",
                           "x-woad-color",
                           "traceparent",
                           "x-request-id",
                           "idempotency-key",
                           "sec-websocket-key",
                           "surrogate-key",
                           "page",
                           "country-code",
                           "compass",
                           "passenger",
                           "bypass",
                           "keyword",
                           "pinned",
                           "signal",
                           "sidebar",
                           "design",
                           "status",
                           "content-type"}) {
    CAPTURE(name);
    CHECK_FALSE(is_secret_name(name));
  }
}

TEST_CASE("redact: queries") {
  const struct {
    const char* text;
    const char* want;
  } cases[] = {
      {"", ""},
      {"/a", "/a"},
      {"/token=1", "/token=1"},
      {"/a?", "/a?"},
      {"/a?b=1", "/a?b=1"},
      {"/a?token=1", "/a?token=[redacted]"},
      {"/a?token", "/a?token"},
      {"/a?token=", "/a?token=[redacted]"},
      {"/a?b=1&TOKEN=x=y&c=2", "/a?b=1&TOKEN=[redacted]&c=2"},
      {"/a?b=1;api_key=2;c=3", "/a?b=1;api_key=[redacted];c=3"},
      {"/a?%74oken=1", "/a?%74oken=[redacted]"},
      {"/a?to%6Ben=1&x=%26", "/a?to%6Ben=[redacted]&x=%26"},
      {"/a?next=/b?sig=2&c=3", "/a?next=/b?sig=[redacted]&c=3"},
      {"https://h/cb?code=1#access_token=2",
       "https://h/cb?code=[redacted]#access_token=[redacted]"},
      {"/a?&&=&=1", "/a?&&=&=1"},
      {"/a?user[password]=1", "/a?user[password]=[redacted]"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.text);
    CHECK(redact_query(each.text) == each.want);
  }
}

TEST_CASE("redact: user and password in front of a host") {
  CHECK(redact_userinfo("price:80") == "price:80");
  CHECK(redact_userinfo("me:pw@price:80") == "[redacted]@price:80");
  CHECK(redact_userinfo("a@b@price") == "[redacted]@price");
  CHECK(redact_userinfo("") == "");
}

}  // namespace
}  // namespace woad
