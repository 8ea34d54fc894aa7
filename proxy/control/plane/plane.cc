#include "proxy/control/plane/plane.h"

#include <algorithm>
#include <utility>

namespace woad::control {

Plane::Plane(Parts parts)
    : scheduler_(parts.scheduler),
      store_(parts.store),
      view_(parts.scheduler,
            [this](StoreView::Part part, const std::string& service) { on_told(part, service); }),
      catalogs_(parts.reading, std::move(parts.filters), [this] { on_catalog(); }),
      files_(parts.scheduler, parts.blocks, parts.making, view_, parts.random),
      members_(parts.scheduler, parts.store, view_),
      registrar_(parts.scheduler, parts.store, view_),
      desk_(parts.scheduler, parts.store, view_, catalogs_),
      tick_(parts.scheduler.timers(), bind_timer<&Plane::on_tick>(this)),
      gather_(parts.scheduler.timers(), bind_timer<&Plane::on_gather>(this)),
      stir_(parts.scheduler.timers(), bind_timer<&Plane::on_stir>(this)) {}

Result<void> Plane::start() {
  tick_.arm(kTick);
  return store_.start(view_);
}

std::string Plane::not_ready() const {
  if (!view_.synced()) {
    return view_.away() ? "the store has not been reached yet: " + view_.away()->why
                        : "the store has not been read yet";
  }
  return catalogs_.catalog() == nullptr ? "the documents are being read" : "";
}

std::vector<std::string> Plane::warnings() const {
  std::vector<std::string> lines;
  if (const auto& away = view_.away()) {
    const auto age = std::chrono::duration_cast<seconds>(now() - away->since);
    lines.push_back("warning: the store is away since " + std::to_string(age.count()) +
                    " s, files are served from memory: " + away->why);
  }
  if (const auto& catalog = catalogs_.catalog(); catalog != nullptr) {
    const size_t problems = catalog->problems.size();
    if (problems > 0) {
      lines.push_back("warning: " + std::to_string(problems) +
                      " problems in documents; GET /v1/problems tells them");
    }
  }
  if (view_.registry().protected_since()) {
    lines.push_back("warning: protection is on: " + std::to_string(view_.registry().missing()) +
                    " instances without heartbeat are kept");
  }
  return lines;
}

std::unique_ptr<WebPending> Plane::poll(Poll poll, Distribution::Done done) {
  if (members_.note_poll({poll.service, poll.instance}, settings().heartbeat)) stir(poll.service);
  return files_.poll(std::move(poll), std::move(done));
}

void Plane::report(const Registry::Key& who, const MemberBook::Status& status,
                   std::function<void()> heard) {
  members_.note_status(who, status, files_, std::move(heard));
  stir(who.service);
}

void Plane::remove(const Registry::Key& who, Registrar::Done done) {
  members_.forget(who);
  stir(who.service);
  registrar_.remove(who, std::move(done));
}

Names Plane::chosen_of(const std::string& service) const {
  const ServiceRecords& records = view_.records(service);
  return chosen(records.rollout, service, records.members, settings().rollout);
}

void Plane::on_told(StoreView::Part part, const std::string& service) {
  switch (part) {
    case StoreView::Part::kAll: return on_all();
    case StoreView::Part::kDocument: return read_documents();
    case StoreView::Part::kInstance: return on_instances();
    case StoreView::Part::kMember: return stir(service);
    case StoreView::Part::kRollout: return on_rollout(service);
    case StoreView::Part::kNone: break;
  }
}

void Plane::on_all() {
  read_documents();
  on_gather();
  apply_all();
  desk_.on_told();
}

void Plane::read_documents() {
  catalogs_.read(view_.documents(), view_.registry().live(), view_.documents_revision());
}

void Plane::on_instances() {
  if (gather_.armed()) return;
  const Duration passed = scheduler_.now() - gathered_;
  gather_.arm(std::max(Duration(0), Duration(kGather - passed)));
}

void Plane::on_gather() {
  if (!view_.registry().judge(scheduler_.wall(), settings())) return;
  gathered_ = scheduler_.now();
  files_.set_instances(view_.registry().live());
}

// Without the store nobody else can have heard of a heartbeat: nothing is judged.
void Plane::on_tick() {
  tick_.arm(kTick);
  if (view_.away()) desk_.on_away(view_.away()->why);
  if (!view_.synced() || view_.away()) return;
  on_gather();
  registrar_.sweep();
  for (const Registry::Key& gone : members_.tick(files_, settings())) stir(gone.service);
  desk_.settle_all();
}

void Plane::on_rollout(const std::string& service) {
  apply(service);
  desk_.on_told();
  stir(service);
}

void Plane::on_catalog() {
  store_.set_lease(settings().lease);
  on_gather();
  desk_.settle_all();
  apply_all();
}

void Plane::stir(const std::string& service) {
  stirred_.insert(service);
  if (!stir_.armed()) stir_.arm(kStir);
}

void Plane::on_stir() {
  for (const std::string& service : std::exchange(stirred_, {})) {
    desk_.settle(service);
    apply(service);
  }
}

bool Plane::never_good(const std::string& service, const Rollout& rollout) const {
  const auto& catalog = catalogs_.catalog();
  if (rollout.accepted != nullptr || catalog == nullptr) return false;
  if (!catalog->settings.has_value()) return true;
  const auto at = catalog->services.find(service);
  return at != catalog->services.end() && at->second.skeleton == nullptr;
}

void Plane::apply(const std::string& service) {
  if (!view_.has_service(service)) return files_.remove(service);
  const Rollout& rollout = view_.records(service).rollout;
  files_.set(service, rollout, chosen_of(service), never_good(service, rollout));
}

void Plane::apply_all() {
  for (const std::string& name : view_.service_names()) apply(name);
}

}  // namespace woad::control
