#include "proxy/exchange/tapped.h"

#include <string>

#include "proxy/filter/exchange_record.h"
#include "proxy/filter/tap_line.h"

namespace woad {

void tell_taps(const WorkerContext& worker, const ExchangeInfo& info, Arena& arena) {
  const AccessRecord record = access_record_of(info, arena);
  worker.taps->offer(record, info.end, [&] {
    std::string line;
    append_tap_line(line, record, info.request->headers);
    return line;
  });
}

}  // namespace woad
