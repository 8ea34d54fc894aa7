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

std::unique_ptr<WebPending> WebhookApi::answer(WebRequest request, Done done) {
  done(respond(request));
  return nullptr;
}

WebResponse WebhookApi::respond(const WebRequest& request) const {
  const std::string_view path = request.head.path_only();
  const bool is_review = path == "/inject";
  if (!is_review && path != "/healthz" && path != "/readyz") {
    return {.status = 404, .body = "POST /inject, GET /healthz or GET /readyz\n"};
  }
  if (const char* const allowed = other_method(request.head, is_review)) {
    return {.status = 405, .body = "another method\n", .headers = {{"allow", allowed}}};
  }
  if (is_review) return review(request.body);
  const bool leaving = path == "/readyz" && state_ == State::kLeaving;
  return {.status = leaving ? 503 : 200, .body = leaving ? "leaving\n" : "ok\n"};
}

WebResponse WebhookApi::review(const std::string& body) const {
  Result<std::string> answer = answer_review(body, settings_);
  if (!answer) return {.status = 400, .body = answer.error().message + "\n"};
  return {.content_type = "application/json", .body = std::move(*answer)};
}

}  // namespace woad
