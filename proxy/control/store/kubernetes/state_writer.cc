#include "proxy/control/store/kubernetes/state_writer.h"

#include <utility>

#include "proxy/control/store/kubernetes/state_queue.h"

namespace woad::control::kubernetes {

StateWriter::StateWriter(Scheduler& scheduler, HttpAsker& asker)
    : scheduler_(scheduler), asker_(asker) {}
StateWriter::~StateWriter() = default;

void StateWriter::write(const std::string& space, StoreWrite write, Store::Done done) {
  auto place = state_place(write.key);
  if (!place) return refuse(std::move(done), write.key + " is not written: the cluster says it");
  if (space.empty()) {
    return refuse(std::move(done),
                  "there is no mesh document in the cluster, so no namespace to keep state in");
  }
  auto& queue = queues_[space + "/" + state_name(*place)];
  if (queue == nullptr) queue = std::make_unique<Queue>(scheduler_, asker_, space, *place);
  queue->add({std::move(*place), std::move(write), std::move(done)});
}

void StateWriter::refuse(Store::Done done, std::string why) {
  if (!done) return;
  refused_.emplace_back(std::move(done), std::move(why));
  scheduler_.at_turn_end(*this);
}

void StateWriter::on_turn_end() {
  for (const auto& [done, why] : std::exchange(refused_, {})) done(StoreOutcome::kFailed, why);
}

}  // namespace woad::control::kubernetes
