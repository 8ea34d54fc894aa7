#include "proxy/server/name_service.h"

#include <algorithm>

namespace woad {

struct NameService::Entry {
  Entry(NameService& owner, Loop& loop, std::string host)
      : service(owner),
        name(std::move(host)),
        timer(loop.scheduler().timers(), bind_timer<&Entry::ask>(this)) {}

  void ask() {
    ticket = service.resolver_.resolve(name, 0, [this](Result<ResolvedName> answer) {
      service.on_answer(*this, std::move(answer));
    });
  }

  NameService& service;
  std::string name;
  Resolution resolution;
  bool answered = false;
  Timer timer;
  std::unique_ptr<Resolver::Ticket> ticket;
};

NameService::NameService(Loop& loop, std::function<void()> on_change)
    : loop_(loop), resolver_(loop), on_change_(std::move(on_change)) {}

NameService::~NameService() = default;

void NameService::watch(const std::vector<std::string>& names) {
  std::erase_if(entries_, [&](const auto& entry) {
    return std::find(names.begin(), names.end(), entry.first) == names.end();
  });
  for (const std::string& name : names) {
    auto& entry = entries_[name];
    if (entry != nullptr) continue;
    entry = std::make_unique<Entry>(*this, loop_, name);
    entry->ask();
  }
}

bool NameService::all_answered() const {
  return std::all_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return entry.second->answered; });
}

Resolutions NameService::resolutions() const {
  Resolutions all;
  for (const auto& [name, entry] : entries_) all.emplace(name, entry->resolution);
  return all;
}

void NameService::on_answer(Entry& entry, Result<ResolvedName> answer) {
  bool changed = !entry.answered;
  entry.answered = true;
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
