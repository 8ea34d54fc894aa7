#include "proxy/server/name_service.h"

#include <algorithm>

namespace woad {

struct NameService::Entry {
  //   new ──▶ late (kPatience is over) ──▶ answered
  //    └──────────────────────────────────▶┘
  enum class State : uint8_t { kNew, kLate, kAnswered };

  Entry(NameService& owner, std::string host)
      : service(owner),
        name(std::move(host)),
        timer(owner.scheduler_.timers(), bind_timer<&Entry::on_timer>(this)) {
    timer.arm(kPatience);
  }

  void ask() {
    ticket = service.ask_(
        name, [this](Result<ResolvedName> answer) { service.on_answer(*this, std::move(answer)); });
  }

  void on_timer() {
    if (state == State::kAnswered) {
      ask();
      return;
    }
    state = State::kLate;
    service.on_change_();
  }

  NameService& service;
  std::string name;
  Resolution resolution;
  State state = State::kNew;
  Timer timer;  // to the end of patience, then to the next question
  std::unique_ptr<Resolver::Ticket> ticket;
};

NameService::NameService(Scheduler& scheduler, Ask ask, std::function<void()> on_change)
    : scheduler_(scheduler), ask_(std::move(ask)), on_change_(std::move(on_change)) {}

NameService::~NameService() = default;

void NameService::watch(const std::vector<std::string>& names) {
  std::erase_if(entries_, [&](const auto& entry) {
    return std::find(names.begin(), names.end(), entry.first) == names.end();
  });
  for (const std::string& name : names) {
    auto& entry = entries_[name];
    if (entry != nullptr) continue;
    entry = std::make_unique<Entry>(*this, name);
    entry->ask();
  }
}

bool NameService::settled() const {
  return std::none_of(entries_.begin(), entries_.end(),
                      [](const auto& entry) { return entry.second->state == Entry::State::kNew; });
}

Resolutions NameService::resolutions() const {
  Resolutions all;
  for (const auto& [name, entry] : entries_) all.emplace(name, entry->resolution);
  return all;
}

void NameService::on_answer(Entry& entry, Result<ResolvedName> answer) {
  bool changed = entry.state != Entry::State::kAnswered;
  entry.state = Entry::State::kAnswered;
  if (answer) {
    changed = changed || answer->addresses != entry.resolution.addresses;
    entry.resolution = {std::move(answer->addresses), ""};
    entry.timer.arm(std::clamp<Duration>(answer->ttl, kMinInterval, kMaxInterval));
  } else {
    // What was known stays: a name server that is away must not empty a pool.
    entry.resolution.error = answer.error().message;
    entry.timer.arm(kRetryInterval);
  }
  if (changed) on_change_();
}

}  // namespace woad
