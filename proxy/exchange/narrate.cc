#include "proxy/exchange/narrate.h"

#include <string>

#include "proxy/base/context_value.h"
#include "proxy/filter/exchange_record.h"
#include "proxy/filter/tap_line.h"

namespace woad {
namespace {

// Longer ones are cut: a line fits into a page, so that it goes out whole or not at all.
constexpr size_t kMostText = 512;

std::string_view cut(std::string_view text) { return text.substr(0, kMostText); }

std::string_view color_of(const ExchangeInfo& info) {
  return info.color.empty() ? kBaseColor : info.color;
}

}  // namespace

void tell_request(const WorkerContext& worker, ExchangeInfo& info, const Address& client,
                  uint32_t number, Arena& arena) {
  info.told_as = arena.copy(client.to_string() + "#" + std::to_string(number));
  const RequestHead& head = *info.request;
  worker.log->debug("a request came", {{"request", info.told_as},
                                       {"request_id", cut(info.trace.request_id)},
                                       {"direction", to_string(info.direction)},
                                       {"protocol", to_string(head.protocol)},
                                       {"method", cut(head.method_name)},
                                       {"authority", cut(shown_authority(head, arena))},
                                       {"path", cut(shown_path(head, arena))},
                                       {"identity", cut(info.principal)}});
}

void tell_route(const WorkerContext& worker, const ExchangeInfo& info) {
  worker.log->debug("its route is chosen", {{"request", info.told_as},
                                            {"request_id", cut(info.trace.request_id)},
                                            {"route", info.route},
                                            {"service", info.service},
                                            {"color", color_of(info)},
                                            {"tenant", info.tenant},
                                            {"ctx_source", to_string(info.context_source)}});
}

void tell_try(const WorkerContext& worker, const ExchangeInfo& info, bool fresh) {
  worker.log->debug("a try begins", {{"request", info.told_as},
                                     {"try", std::to_string(info.attempts)},
                                     {"service", info.service},
                                     {"pool", info.pool},
                                     {"pool_reason", to_string(info.pool_reason)},
                                     {"upstream", info.upstream_host},
                                     {"connection", fresh ? "a fresh one" : "any"}});
}

void tell_outcome(const WorkerContext& worker, const ExchangeInfo& info, const Outcome& outcome) {
  worker.log->debug("a try ended", {{"request", info.told_as},
                                    {"try", std::to_string(outcome.number)},
                                    {"upstream", info.upstream_host},
                                    {"outcome", outcome_info(outcome.kind).word},
                                    {"status", std::to_string(outcome.status())},
                                    {"error", error_info(outcome.error).code},
                                    {"sent", outcome.anything_sent ? "yes" : "no"}});
}

void tell_not_kept(const WorkerContext& worker, const ExchangeInfo& info, bool of_request) {
  worker.log->debug("its body is not kept for another try",
                    {{"request", info.told_as},
                     {"full", of_request ? "the room of a request" : "the room of the process"}});
}

void tell_end(const WorkerContext& worker, const ExchangeInfo& info, std::string_view filter) {
  worker.log->debug("the request ended",
                    {{"request", info.told_as},
                     {"request_id", cut(info.trace.request_id)},
                     {"status", std::to_string(info.status)},
                     {"error", error_info(info.error).code},
                     {"filter", filter},
                     {"closed_by", to_string(info.closed_by)},
                     {"why", cut(info.why)},
                     {"service", info.service},
                     {"pool", info.pool},
                     {"tries", std::to_string(info.attempts)},
                     {"received", std::to_string(info.bytes_received)},
                     {"sent", std::to_string(info.bytes_sent)},
                     {"us", std::to_string((info.end - info.start) / microseconds(1))}});
}

void tell_taps(TapHub& taps, const ExchangeInfo& info, Arena& arena) {
  const AccessRecord record = access_record_of(info, arena);
  taps.offer(record, info.end, [&] {
    std::string line;
    append_tap_line(line, record, info.request->headers);
    return line;
  });
}

}  // namespace woad
