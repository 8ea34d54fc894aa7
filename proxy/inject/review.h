// The answer to an API server's AdmissionReview (admission.k8s.io/v1): a JSONPatch made by the same
// code as inject_file(). Pure; any thread.
//
// A pod with a wrong annotation is refused, as its author must hear of it. Whatever else is in the
// way, the pod is let through as it is, with a warning in the answer.
#pragma once

#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/inject/settings.h"

namespace woad {

// An AdmissionReview with the response, as JSON. The error says why `body` is no review.
Result<std::string> answer_review(std::string_view body, const InjectSettings& settings);

}  // namespace woad
