// Keeps the context of a request on its way through an app that may pass on next to nothing.
#pragma once

#include "config/no_settings.h"
#include "proxy/context/system.h"
#include "proxy/filter/filter.h"

namespace woad {

// One an exchange, on the worker's thread. What the request itself says has been read before the
// chain (proxy/context/admission.h). On inbound it dyes, plants what the app can carry and
// remembers the request; on outbound it finds the context again.
class ContextFilter final : public HttpFilter {
 public:
  using Settings = config::NoSettings;  // `context` and `dye` stand at the top of the file
  static constexpr const config::Table<Settings>& kTable = config::kNoSettings;
  static constexpr bool kChangesMatch = true;  // colour and tenant

  explicit ContextFilter(FilterContext& context)
      : context_(context), system_(context.request_contexts()) {}

  HeadVerdict on_request_head(RequestHead& head, bool end) override;
  HeadVerdict on_attempt(AttemptPlan& plan, RequestHead& head) override;
  void on_end(const ExchangeInfo& info) override;

 private:
  void enter(RequestHead& head);
  void remember(const RequestHead& head);
  // On outbound: everything that the request itself does not say.
  void recover(RequestHead& head);
  // False: no id of the request leads to a context.
  bool recover_from_table(RequestHead& head);
  void take(const ContextRecord& record, RequestHead& head);
  bool dye(const RequestHead& head);
  ContextValues values() const { return {context_.info().color, context_.info().tenant}; }

  FilterContext& context_;
  const ContextSystem& system_;
  ContextTable::Ticket ticket_;
  Unanimity::Ticket unanimity_ticket_;
};

}  // namespace woad
