#include "proxy/inject/review.h"

#include <exception>

#include "proxy/base/base64.h"
#include "proxy/base/json.h"
#include "proxy/base/json_reading.h"
#include "proxy/inject/inject.h"
#include "proxy/yaml/difference.h"
#include "proxy/yaml/json_value.h"

namespace woad {
namespace {

// The API server cuts longer ones, and all of them at 4 KiB.
constexpr size_t kMaxWarning = 250;
constexpr size_t kMaxWarnings = 10;
// Unprocessable: the pod is well-formed, and cannot be injected.
constexpr int kInvalid = 422;

Result<Value> parse_review(std::string_view body) {
  Result<Value> read = yaml::json_value(body);
  if (!read) return Error{"the body is no AdmissionReview: " + read.error().message};
  const Value& review = *read;
  if (json::text(review, "kind") != "AdmissionReview") {
    return Error{"the body is no AdmissionReview"};
  }
  if (json::text(review, "apiVersion") != "admission.k8s.io/v1") {
    return Error{"the AdmissionReview is not of admission.k8s.io/v1"};
  }
  if (json::text(review, "request", "uid").empty()) {
    return Error{"the AdmissionReview has no request with a uid"};
  }
  return read;
}

void add_warnings(Value& response, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (response["warnings"].size() >= kMaxWarnings) return;
    std::string text = "woad: " + sentence(finding);
    if (text.size() > kMaxWarning) text.resize(kMaxWarning);
    response["warnings"].push_back(std::move(text));
  }
}

void refuse(Value& response, const std::vector<Finding>& errors) {
  std::string message;
  for (const Finding& error : errors) message += (message.empty() ? "" : ". ") + sentence(error);
  response["allowed"] = false;
  response["status"] = {{"code", kInvalid}, {"reason", "Invalid"}, {"message", "woad: " + message}};
}

// Everything else passes as it is.
bool makes_pod(const Value& request) {
  const std::string operation = json::text(request, "operation");
  return json::text(request, "kind", "kind") == "Pod" &&
         json::text(request, "kind", "group").empty() &&
         (operation.empty() || operation == "CREATE") && json::text(request, "subResource").empty();
}

void answer_pod(Value pod, const InjectSettings& settings, Value& response) {
  // The type is that of the request; an object inside of a review may leave it out.
  pod["apiVersion"] = "v1";
  pod["kind"] = "Pod";
  Report report;
  const Value after = inject(pod, settings, report);
  add_warnings(response, report.warnings);
  if (!report.errors.empty()) return refuse(response, report.errors);
  const Value patch = yaml::json_patch(pod, yaml::difference(pod, after));
  if (patch.empty()) return;
  response["patchType"] = "JSONPatch";
  response["patch"] = base64(json_line(patch));
}

void answer_pod_or_let_through(const Value& pod, const InjectSettings& settings, Value& response) {
  const Value allowed = response;
  try {
    answer_pod(pod, settings, response);
  } catch (const std::exception& trouble) {  // of the JSON library, or of memory
    response = allowed;
    response["warnings"] = Value::array({std::string("woad: not injected: ") + trouble.what()});
  }
}

}  // namespace

Result<std::string> answer_review(std::string_view body, const InjectSettings& settings) {
  const Result<Value> review = parse_review(body);
  if (!review) return review.error();
  const Value& request = json::at(*review, "request");
  Value response = {{"uid", request["uid"]}, {"allowed", true}};
  const Value& pod = json::at(request, "object");
  if (makes_pod(request) && pod.is_object()) answer_pod_or_let_through(pod, settings, response);
  const Value answer = {{"apiVersion", "admission.k8s.io/v1"},
                        {"kind", "AdmissionReview"},
                        {"response", std::move(response)}};
  return json_line(answer);
}

}  // namespace woad
