#include "filters/headers/filter.h"

namespace woad {
namespace {

void apply(const HeaderEdits& edits, Headers& headers) {
  for (const HeaderName& gone : edits.remove) headers.remove(gone);
  for (const HeaderValue& field : edits.set) {
    headers.remove(field.name);
    headers.add(field.name.text, field.value, field.name.id);
  }
  for (const HeaderValue& field : edits.add) {
    headers.add(field.name.text, field.value, field.name.id);
  }
}

}  // namespace

HeadVerdict HeadersFilter::on_request_head(RequestHead& head, bool) {
  apply(context_.settings<Settings>().request, head.headers);
  return Verdict::go();
}

HeadVerdict HeadersFilter::on_response_head(ResponseHead& head, bool) {
  apply(context_.settings<Settings>().response, head.headers);
  return Verdict::go();
}

}  // namespace woad
