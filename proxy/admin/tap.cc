#include "proxy/admin/tap.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "proxy/base/context_value.h"
#include "proxy/base/strings.h"

namespace woad {
namespace {

constexpr std::string_view kNdjson = "application/x-ndjson";
constexpr std::string_view kThereIs =
    "; there are color=<color or base>, tenant=, service=, path=<prefix>, status=<503 or 5xx> and "
    "limit=<lines>";

Result<void> read_color(const std::string& value, TapQuestion& into) {
  into.filter.color = lower(value);
  if (valid_context_value(into.filter.color)) return {};
  return Error{"color is not a color"};
}

Result<void> read_tenant(const std::string& value, TapQuestion& into) {
  into.filter.tenant = lower(value);
  if (valid_context_value(into.filter.tenant)) return {};
  return Error{"tenant is not a tenant"};
}

Result<void> read_service(const std::string& value, TapQuestion& into) {
  into.filter.service = value;
  return {};
}

Result<void> read_path(const std::string& value, TapQuestion& into) {
  if (!value.starts_with('/')) return Error{"path does not begin with /"};
  if (value.find('?') != std::string::npos) return Error{"path has no query"};
  into.filter.path = value;
  return {};
}

// "503", "5xx", or "0" for requests that got no answer.
Result<void> read_status(const std::string& value, TapQuestion& into) {
  const auto first = parse_decimal(value.substr(0, 1));
  const std::string rest = lower(value).substr(1);
  if (value.size() == 3 && rest == "xx" && first && *first >= 1 && *first <= 5) {
    into.filter.lowest_status = static_cast<int>(*first) * 100;
    into.filter.highest_status = into.filter.lowest_status + 99;
    return {};
  }
  const auto exact = parse_decimal(value);
  const bool known = exact && (*exact == 0 || (*exact >= 100 && *exact <= 599));
  if (!known) return Error{"status is not a status"};
  into.filter.lowest_status = into.filter.highest_status = static_cast<int>(*exact);
  return {};
}

Result<void> read_limit(const std::string& value, TapQuestion& into) {
  const auto lines = parse_decimal(value);
  if (!lines) return Error{"limit is not a number of lines"};
  into.limit = *lines;
  return {};
}

struct Parameter {
  std::string_view key;
  Result<void> (*read)(const std::string& value, TapQuestion& into);
};
constexpr Parameter kParameters[] = {{"color", read_color},     {"tenant", read_tenant},
                                     {"service", read_service}, {"path", read_path},
                                     {"status", read_status},   {"limit", read_limit}};
constexpr size_t kParameterCount = std::size(kParameters);

// A word as it may be shown to a terminal.
std::string shown(std::string_view key) {
  const bool plain =
      !key.empty() && key.size() <= 32 && std::all_of(key.begin(), key.end(), [](char c) {
        const char small = to_lower(c);
        return (small >= 'a' && small <= 'z') || c == '_' || c == '-';
      });
  return plain ? "\"" + std::string(key) + "\"" : "one of the parameters";
}

class TapBody final : public WebBody {
 public:
  // How often the client is told of dropped lines, at most.
  static constexpr Duration kReportEvery = seconds(1);
  static constexpr size_t kPiece = size_t{16} * 1024;

  explicit TapBody(std::unique_ptr<TapReader> reader) : reader_(std::move(reader)) {}

  void start(Scheduler& scheduler, std::function<void()> on_more) override {
    scheduler_ = &scheduler;
    on_more_ = std::move(on_more);
    report_timer_.emplace(scheduler.timers(), bind_timer<&TapBody::on_report_due>(this));
    reader_->listen(on_more_);
  }

  bool read(std::string& out) override {
    const Tap::Rest rest = reader_->read(out, kPiece);
    if (rest.dropped > 0) report(out);
    return !rest.over;
  }

 private:
  void report(std::string& out) {
    const MonoTime now = scheduler_->now();
    if (now < next_report_) {
      report_timer_->arm(next_report_ - now);
      return;
    }
    out += "{\"dropped\":" + std::to_string(reader_->take_dropped()) + "}\n";
    next_report_ = now + kReportEvery;
  }
  void on_report_due() { on_more_(); }

  const std::unique_ptr<TapReader> reader_;
  Scheduler* scheduler_ = nullptr;
  std::function<void()> on_more_;
  std::optional<Timer> report_timer_;
  MonoTime next_report_ = MonoTime::min();
};

}  // namespace

Result<TapQuestion> read_tap_question(std::string_view query) {
  TapQuestion question;
  bool given[kParameterCount] = {};
  std::string wrong;
  for_each_query_pair(query, [&](std::string_view raw_key, std::string_view raw) {
    const std::string key = percent_decoded(raw_key, true);
    const Parameter* const known =
        std::find_if(std::begin(kParameters), std::end(kParameters),
                     [&](const Parameter& each) { return each.key == key; });
    if (known == std::end(kParameters)) {
      wrong = shown(key) + " is unknown";
    } else if (std::exchange(given[known - kParameters], true)) {
      wrong = key + " is given twice";
    } else if (!raw.empty()) {
      const auto read = known->read(percent_decoded(raw, true), question);
      if (!read) wrong = read.error().message;
    }
    return wrong.empty();
  });
  if (!wrong.empty()) return Error{wrong + std::string(kThereIs)};
  return question;
}

WebResponse open_tap(TapHub& taps, std::string_view query) {
  auto question = read_tap_question(query);
  if (!question) return plain(400, question.error().message + "\n");
  auto reader = taps.open(std::move(question->filter), question->limit);
  if (reader == nullptr) {
    return plain(503, std::to_string(TapHub::kMaxTaps) +
                          " taps are open, which is all there may be; close one and try again\n");
  }
  return {.content_type = kNdjson, .stream = std::make_unique<TapBody>(std::move(reader))};
}

}  // namespace woad
