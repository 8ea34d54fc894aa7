#include "filters/access_log/filter.h"

#include <string>

#include "proxy/filter/exchange_record.h"
#include "proxy/observe/redact.h"

namespace woad {

void AccessLogFilter::on_end(const ExchangeInfo& info) {
  const Settings& settings = context_.settings<Settings>();
  const double share = settings.sample.value;
  if (share < 1 && !is_error(info) && context_.random().unit() >= share) return;
  AccessRecord record = access_record_of(info, context_.arena());
  std::string query;
  if (settings.query) {
    if (info.request != nullptr) query = redact_pairs(info.request->query(), settings.hide);
    record.query = query;
  }
  // Memory for the line, kept by the thread; nothing stands in it between two calls.
  thread_local std::string line;
  line.clear();
  append_json_line(line, record);
  context_.state<State>().file.write(line);
}

}  // namespace woad
