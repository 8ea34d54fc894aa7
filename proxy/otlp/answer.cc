#include "proxy/otlp/answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/base/strings.h"
#include "proxy/http/retry_after.h"
#include "proxy/observe/json_text.h"

namespace woad {
namespace {

using nlohmann::json;

constexpr size_t kMaxWhy = 256;

// An int64 of JSON Protobuf: a number, or its digits as a string.
uint64_t count_of(const json& value) {
  if (value.is_number_unsigned()) return value.get<uint64_t>();
  if (value.is_string()) return parse_decimal(value.get_ref<const std::string&>()).value_or(0);
  return 0;
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return std::string(cut_text(found->get_ref<const std::string&>(), kMaxWhy));
}

void read_partial_success(const std::string& body, OtlpVerdict& verdict) {
  const json answer = parse_json(body);
  if (!answer.is_object()) return;
  const auto partial = answer.find("partialSuccess");
  if (partial == answer.end() || !partial->is_object()) return;
  const auto rejected = partial->find("rejectedSpans");
  if (rejected != partial->end()) verdict.rejected = count_of(*rejected);
  verdict.why = text_of(*partial, "errorMessage");
}

// The body of a failure is a google.rpc.Status, if it is anything.
std::string words_of(const HttpAnswer& answer) {
  std::string words = "status " + std::to_string(answer.status);
  const json status = parse_json(answer.body);
  const std::string message = status.is_object() ? text_of(status, "message") : std::string();
  return message.empty() ? words : words + ": " + message;
}

bool may_be_tried_again(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

OtlpVerdict judge_otlp_answer(const HttpAnswer& answer, WallTime now) {
  OtlpVerdict verdict;
  if (answer.status >= 200 && answer.status < 300) {
    verdict.kind = OtlpVerdict::Kind::kDelivered;
    read_partial_success(answer.body, verdict);
  } else if (answer.status == 0) {
    verdict.kind = OtlpVerdict::Kind::kTryAgain;
    verdict.why = answer.why;
  } else {
    verdict.why = words_of(answer);
    if (may_be_tried_again(answer.status)) {
      verdict.kind = OtlpVerdict::Kind::kTryAgain;
      verdict.retry_after = parse_retry_after(answer.header("retry-after"), now);
    }
  }
  return verdict;
}

}  // namespace woad
