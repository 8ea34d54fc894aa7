#include "proxy/context/admission.h"

#include "proxy/base/context_value.h"
#include "proxy/base/strings.h"
#include "proxy/context/baggage.h"
#include "proxy/context/carriers.h"
#include "proxy/context/state_member.h"

namespace woad {
namespace {

// What a head has that matters here, found in one walk; most requests have nothing.
struct Present {
  bool named = false;  // any header of context
  bool twin = false;
  bool baggage = false;
  bool tracestate = false;
};

Present look(const Headers& headers, const ContextNames& names) {
  Present present;
  for (const Header& field : headers) {
    present.baggage = present.baggage || field.id == HeaderId::kBaggage;
    present.tracestate = present.tracestate || field.id == HeaderId::kTracestate;
    const ContextHeader kind = names.kind_of(field);
    present.named = present.named || kind != ContextHeader::kNone;
    present.twin = present.twin || kind == ContextHeader::kTwin;
  }
  return present;
}

class Admission {
 public:
  Admission(RequestHead& head, const ContextRules& rules, ExchangeInfo& info,
            WorkerMetrics& metrics)
      : headers_(head.headers),
        rules_(rules),
        info_(info),
        metrics_(metrics),
        verdict_(info.probe ? rules.trust.nobody() : rules.trust.verdict(info.principal)),
        judged_(info.direction == Direction::kInbound) {}

  std::optional<LocalReply> run() {
    const Present present = look(headers_, rules_.names);
    if (present.twin && judged_) {
      return LocalReply{.code = ErrorCode::kBadRequest,
                        .details = "a field name with '_' imitates one of the request's context"};
    }
    if (present.named) {
      strip_headers();
      if (auto refused = read_headers()) return refused;
    }
    if (present.baggage) take_baggage();
    if (present.tracestate) take_tracestate();
    return std::nullopt;
  }

 private:
  bool may_say_color(std::string_view color) const { return !judged_ || verdict_.color(color); }
  bool may_say_rest() const { return !judged_ || verdict_.context(); }
  bool may_say_everything() const { return may_say_rest() && (!judged_ || verdict_.any_color()); }

  void count(std::string_view why, size_t times) {
    if (times == 0) return;
    metrics_.count(Family::kContextStripped, {metrics_.intern(why)}, static_cast<int64_t>(times));
  }

  void strip_headers() {
    if (!judged_) return;
    const bool rest = verdict_.context();
    const bool color = verdict_.any_color();
    if (rest && color) return;
    count("untrusted", headers_.remove_if([&](const Header& field) {
      switch (rules_.names.kind_of(field)) {
        case ContextHeader::kColor: return !color;
        case ContextHeader::kTenant:
        case ContextHeader::kCarry:
        case ContextHeader::kOwn: return !rest;
        default: return false;
      }
    }));
  }

  std::optional<LocalReply> read_headers() {
    info_.color = {};
    if (!read_kind(ContextHeader::kColor, info_.color)) return contradiction("colours");
    if (!read_kind(ContextHeader::kTenant, info_.tenant)) return contradiction("tenants");
    if (!info_.color.empty() || !info_.tenant.empty())
      info_.context_source = ContextSource::kHeader;
    return std::nullopt;
  }

  // False: the fields contradict each other.
  bool read_kind(ContextHeader kind, std::string_view& found) {
    const bool is_color = kind == ContextHeader::kColor;
    const HeaderName& canonical = is_color ? rules_.names.color() : rules_.names.tenant();
    std::string_view value;
    std::string_view sent_as;
    int canonical_fields = 0;
    bool came = false;
    bool agree = true;
    size_t invalid = 0;
    size_t not_granted = 0;
    headers_.remove_if([&](const Header& field) {
      if (rules_.names.kind_of(field) != kind) return false;
      const auto read = read_context_value(trim(field.value), headers_.arena());
      if (!read) {
        ++invalid;
        return true;
      }
      if (is_color && *read != kBaseColor && !may_say_color(*read)) {
        ++not_granted;
        return true;
      }
      agree = agree && (!came || *read == value);
      came = true;
      value = *read;
      if (field.is(canonical)) {
        sent_as = field.value;
        ++canonical_fields;
      }
      return false;
    });
    count("invalid", invalid);
    count("not_granted", not_granted);
    if (!agree) return false;
    if (!value.empty() && (canonical_fields != 1 || sent_as != value)) {
      headers_.set(canonical.text, value);
    }
    found = is_color && value == kBaseColor ? std::string_view() : value;
    return true;
  }

  static LocalReply contradiction(std::string_view what) {
    return {.code = ErrorCode::kBadRequest,
            .details = "the request names two different " + std::string(what)};
  }

  // Takes what is still missing, as far as the sender may say it. False: it may not say all of it.
  bool take(const ContextValues& values, ContextSource source) {
    const bool color = values.color.empty() || may_say_color(values.color);
    const bool rest = values.tenant.empty() || may_say_rest();
    const bool nothing_yet = info_.context_source == ContextSource::kNone;
    if (color && info_.color.empty() && !values.color.empty()) {
      info_.color = values.color;
      info_.context_source = source;
    }
    if (rest && info_.tenant.empty() && !values.tenant.empty()) {
      info_.tenant = values.tenant;
      if (nothing_yet) info_.context_source = source;
    }
    return color && rest;
  }

  void take_baggage() {
    if (rules_.baggage) {
      const BaggageRead read = read_baggage(headers_);
      if (!read.readable) return strip_ours("malformed");
      const bool granted = take(read.values, ContextSource::kBaggage);
      if (read.bad_value) return strip_ours("invalid");
      if (granted && !read.values.empty()) return;
    }
    if (!may_say_everything()) strip_ours("untrusted");
  }

  void strip_ours(std::string_view why) { count(why, strip_baggage(headers_) ? 1 : 0); }

  void take_tracestate() {
    const auto member = read_tracestate(headers_).find(Tracestate::kOurKey);
    if (!member) return;
    if (rules_.tracestate) {
      const StateMember read = parse_state_member(*member, headers_.arena());
      const bool all = take(read.values, ContextSource::kTracestate);
      if (all && !read.bad) return;
      count(read.bad ? "invalid" : "untrusted", 1);
    } else if (may_say_everything()) {
      return;
    } else {
      count("untrusted", 1);
    }
    strip_state_member(headers_);
  }

  Headers& headers_;
  const ContextRules& rules_;
  ExchangeInfo& info_;
  WorkerMetrics& metrics_;
  const TrustVerdict verdict_;
  const bool judged_;  // whether the sender is judged: on outbound it is our own app
};

}  // namespace

std::optional<LocalReply> admit_context(RequestHead& head, const ContextRules& rules,
                                        ExchangeInfo& info, WorkerMetrics& metrics) {
  return Admission(head, rules, info, metrics).run();
}

void admit_trailers(Headers& trailers, const ContextRules& rules) {
  trailers.remove_if(
      [&](const Header& field) { return rules.names.kind_of(field) != ContextHeader::kNone; });
}

}  // namespace woad
