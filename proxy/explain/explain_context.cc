#include "proxy/explain/explain_context.h"

#include "config/values.h"
#include "proxy/base/context_value.h"
#include "proxy/context/admission.h"
#include "proxy/context/trace_ids.h"

namespace woad {
namespace {

using config::in_quotes;

class ContextExplainer {
 public:
  ContextExplainer(const Snapshot& snapshot, FilterHost& host, const FilterServices& services,
                   RequestHead& head, ExchangeInfo& info, std::vector<std::string>& steps)
      : snapshot_(snapshot),
        rules_(snapshot.context.rules),
        host_(host),
        services_(services),
        head_(head),
        info_(info),
        steps_(steps) {}

  std::optional<LocalReply> run() {
    note_invalid();
    read_trace(head_, info_.trace, services_.metrics);
    if (auto refused = admit_context(head_, rules_, info_, services_.metrics)) return refused;
    const bool undyed = info_.color.empty();
    run_filters();
    // The rules were asked when nothing before them knew the origin.
    const bool asked = undyed && (info_.context_source == ContextSource::kNone ||
                                  info_.context_source == ContextSource::kDye ||
                                  info_.context_source == ContextSource::kInstance);
    if (asked) list_dye_rules();
    say_source();
    return std::nullopt;
  }

 private:
  void step(std::string sentence) { steps_.push_back(std::move(sentence)); }

  void note_invalid() {
    for (const Header& field : head_.headers) {
      const ContextHeader kind = rules_.names.kind_of(field);
      const bool color = kind == ContextHeader::kColor;
      if (!color && kind != ContextHeader::kTenant) continue;
      if (read_context_value(field.value, head_.headers.arena())) continue;
      step(in_quotes(field.value) + " in " + std::string(field.name) + " is not a valid " +
           (color ? "colour" : "tenant") + ": the field is removed");
    }
  }

  // Those behind which the route is chosen.
  void run_filters() {
    const FilterChain& chain = snapshot_.chain(Direction::kOutbound);
    if (!chain.position("context")) {
      step("context is not in filters.outbound: only what the request itself says counts");
    }
    Arena& arena = head_.headers.arena();
    for (size_t i = 0; i < chain.size(); ++i) {
      if (!chain.kind(i).changes_match) continue;
      FilterContext context(host_, i, info_, arena, services_);
      HttpFilter* filter = chain.kind(i).create(arena, context);
      (void)filter->on_request_head(head_, true);
      filter->~HttpFilter();
    }
  }

  void list_dye_rules() {
    char host[256];
    const MatchInput input{
        head_, normal_host(head_.authority, host), {}, info_.tenant, info_.principal};
    for (const DyeRule& rule : rules_.dye) {
      if (const auto why_not = rule.match.why_not(input)) {
        step(rule.name + ": no: " + *why_not);
      } else if (!rule.takes(head_, info_.trace.request_id)) {
        step(rule.name + ": matches, but the request does not fall into its " +
             config::show(config::Share{rule.share}));
      } else {
        step(rule.name + ": matches");
        return;
      }
    }
  }

  std::string found() const {
    std::string text = info_.color.empty() ? "no colour" : "colour " + std::string(info_.color);
    return info_.tenant.empty() ? text : text + ", tenant " + std::string(info_.tenant);
  }

  void say_source() {
    switch (info_.context_source) {
      case ContextSource::kNone: step("no colour: the request is undyed"); return;
      case ContextSource::kHeader: step(found() + " from the request's header"); return;
      case ContextSource::kBaggage: step(found() + " from the request's baggage"); return;
      case ContextSource::kTracestate: step(found() + " from the request's tracestate"); return;
      case ContextSource::kTable:
        step(found() + " from the inbound request that had the same id");
        return;
      case ContextSource::kInferred:
        step(found() + ": every inbound request under way has it (infer_unanimous)");
        return;
      case ContextSource::kDye: step(found() + " by a dye rule"); return;
      case ContextSource::kInstance:
        step(found() + ": this pod's own, as no origin of the request is known");
        return;
    }
  }

  const Snapshot& snapshot_;
  const ContextRules& rules_;
  FilterHost& host_;
  const FilterServices& services_;
  RequestHead& head_;
  ExchangeInfo& info_;
  std::vector<std::string>& steps_;
};

}  // namespace

std::optional<LocalReply> explain_context(const Snapshot& snapshot, FilterHost& host,
                                          const FilterServices& services, RequestHead& head,
                                          ExchangeInfo& info, std::vector<std::string>& steps) {
  return ContextExplainer(snapshot, host, services, head, info, steps).run();
}

}  // namespace woad
