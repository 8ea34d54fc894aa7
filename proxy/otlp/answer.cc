#include "proxy/otlp/answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/base/json_reading.h"
#include "proxy/base/strings.h"
#include "proxy/http/retry_after.h"
#include "proxy/observe/json_text.h"

namespace woad {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxWhy = 256;

// An int64 of JSON Protobuf: a number, or its digits as a string.
uint64_t count_of(const Json& value) {
  if (value.is_number_unsigned()) return value.get<uint64_t>();
  if (value.is_string()) return parse_decimal(value.get_ref<const std::string&>()).value_or(0);
  return 0;
}

std::string words_in(const Json& message, std::string_view name) {
  return std::string(cut_text(json::text(message, name), kMaxWhy));
}

void read_partial_success(const std::string& body, OtlpVerdict& verdict) {
  const Json answer = parse_json(body);
  const Json& partial = json::at(answer, "partialSuccess");
  verdict.rejected = count_of(json::at(partial, "rejectedSpans"));
  verdict.why = words_in(partial, "errorMessage");
}

// The body of a failure is a google.rpc.Status, if it is anything.
std::string words_of(const HttpAnswer& answer) {
  const std::string message = words_in(parse_json(answer.body), "message");
  return "status " + std::to_string(answer.status) + (message.empty() ? "" : ": " + message);
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
