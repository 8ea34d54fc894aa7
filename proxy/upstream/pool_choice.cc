#include "proxy/upstream/pool_choice.h"

#include "proxy/base/context_value.h"
#include "proxy/upstream/census.h"

namespace woad {
namespace {

class Climb {
 public:
  Climb(const Service& service, std::string_view color, std::string_view tenant, MonoTime now,
        std::vector<PoolAsked>* asked)
      : service_(service), color_(color), tenant_(tenant), now_(now), asked_(asked) {}

  PoolChoice run() {
    for (std::string_view color = color_;; color = next_color(color)) {
      if (!tenant_.empty() && look_at(color, tenant_)) return choice_;
      if (look_at(color, {})) return choice_;
      if (ends_at(color)) break;
    }
    return {nullptr, failed(), ErrorCode::kNoEndpoint};
  }

 private:
  bool ends_at(std::string_view color) const {
    if (color.empty() || service_.fallback == Fallback::kNone) return true;
    return service_.stateful && next_color(color).empty();
  }

  std::string_view next_color(std::string_view color) const {
    return service_.fallback == Fallback::kParentThenBase ? parent_color(color)
                                                          : std::string_view();
  }

  // True: choice_ is the answer.
  bool look_at(std::string_view color, std::string_view tenant) {
    const Pool* pool = service_.find_pool(color, tenant);
    if (asked_ != nullptr) asked_->push_back({pool_name(color, tenant), pool});
    if (pool == nullptr) return false;
    if (pool->may_answer(now_)) return take(*pool);
    saw_unhealthy_ = true;
    switch (pool->on_unhealthy) {
      case OnUnhealthy::kFallback: return false;
      case OnUnhealthy::kFail:
        choice_ = {pool, PoolReason::kFailedUnhealthy, ErrorCode::kPoolUnhealthy};
        return true;
      case OnUnhealthy::kPanic:
        if (!pool->endpoints.empty()) return take(*pool);
        choice_ = {pool, PoolReason::kFailedUnhealthy, ErrorCode::kNoEndpoint};
        return true;
    }
    return false;
  }

  bool take(const Pool& pool) {
    choice_ = {&pool, reason_for(pool.color), ErrorCode::kNone};
    return true;
  }

  PoolReason reason_for(std::string_view color) const {
    if (color_.empty()) return PoolReason::kUndyed;
    if (color == color_) return PoolReason::kExact;
    if (!color.empty()) return PoolReason::kParent;
    return saw_unhealthy_ ? PoolReason::kBaseUnhealthy : PoolReason::kBaseAbsent;
  }

  PoolReason failed() const {
    return saw_unhealthy_ ? PoolReason::kFailedUnhealthy : PoolReason::kFailedAbsent;
  }

  const Service& service_;
  std::string_view color_;
  std::string_view tenant_;
  MonoTime now_;
  std::vector<PoolAsked>* asked_;
  PoolChoice choice_;
  bool saw_unhealthy_ = false;
};

// Why a coloured request found none elsewhere.
std::string_view way_out(const Service& service) {
  if (service.fallback == Fallback::kNone) return ", and its fallback is none";
  if (service.stateful) return ", and it is stateful: no color falls back to its base";
  return ", and none of base to fall back to";
}

}  // namespace

PoolChoice choose_pool(const Service& service, std::string_view color, std::string_view tenant,
                       MonoTime now, std::vector<PoolAsked>* asked) {
  return Climb(service, color, tenant, now, asked).run();
}

std::string why_unhealthy(const Pool& pool, MonoTime now) {
  const Census census = census_of(pool, now);
  std::string why;
  if (census.unhealthy > 0) {
    why = std::to_string(census.unhealthy) + " failed " +
          (census.unhealthy == 1 ? "its" : "their") + " health check";
  }
  if (census.ejected > 0) {
    if (!why.empty()) why += ", ";
    why += std::to_string(census.ejected) + (census.ejected == 1 ? " is" : " are") + " ejected";
  }
  return why;
}

// Colours and tenants have a narrow syntax, so they may stand in the sentence.
LocalReply refusal(const PoolChoice& choice, const Service& service, std::string_view color,
                   std::string_view tenant, MonoTime now) {
  std::string who = color.empty() ? "an undyed request" : "color " + std::string(color);
  if (!tenant.empty()) who += " of tenant " + std::string(tenant);
  std::string details = "service " + std::string(service.name());
  if (choice.pool == nullptr) {
    const bool there = choice.reason == PoolReason::kFailedUnhealthy;
    details += std::string(" has no ") + (there ? "healthy " : "") + "pool for " + who;
    if (!color.empty()) details += way_out(service);
  } else {
    details += " has no endpoint to answer in pool " + choice.pool->name;
    if (!choice.pool->endpoints.empty()) details += " (" + why_unhealthy(*choice.pool, now) + ")";
    details += ", asked for by " + who;
    details += choice.error == ErrorCode::kPoolUnhealthy ? " (on_unhealthy: fail)"
                                                         : " (on_unhealthy: panic)";
  }
  return {.code = choice.error, .details = std::move(details)};
}

}  // namespace woad
