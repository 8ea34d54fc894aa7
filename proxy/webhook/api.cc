#include "proxy/webhook/api.h"

#include "proxy/inject/review.h"

namespace woad {
namespace {

// nullptr: the method is allowed.
const char* other_method(const RequestHead& head, bool is_review) {
  if (is_review) return head.method == Method::kPost ? nullptr : "POST";
  const bool reads = head.method == Method::kGet || head.method == Method::kHead;
  return reads ? nullptr : "GET, HEAD";
}

}  // namespace

void WebhookApi::answer(const RequestHead& head, std::string body, Done done) {
  const std::string_view path = head.path_only();
  const bool is_review = path == "/inject";
  if (!is_review && path != "/healthz" && path != "/readyz") {
    return done({.status = 404, .body = "POST /inject, GET /healthz or GET /readyz\n"});
  }
  if (const char* const allowed = other_method(head, is_review)) {
    return done({.status = 405, .body = "another method\n", .allow = allowed});
  }
  if (is_review) return done(review(body));
  const bool leaving = path == "/readyz" && state_ == State::kLeaving;
  done({.status = leaving ? 503 : 200, .body = leaving ? "leaving\n" : "ok\n"});
}

WebResponse WebhookApi::review(const std::string& body) const {
  Result<std::string> answer = answer_review(body, settings_);
  if (!answer) return {.status = 400, .body = answer.error().message + "\n"};
  return {.content_type = "application/json", .body = std::move(*answer)};
}

}  // namespace woad
