// What the admin endpoints ask of the process.
#include <map>

#include "proxy/log/log.h"
#include "proxy/server/process_metrics.h"
#include "proxy/server/server.h"

namespace woad {

std::vector<ExtraFamily> Server::process_metrics() {
  std::vector<ExtraFamily> all = context_metrics(running_->context.table->counters());
  for (auto& family : span_metrics(exporter_->counts())) all.push_back(std::move(family));
  for (auto& family : certificates_.metrics(*running_)) all.push_back(std::move(family));
  return all;
}

std::string Server::not_ready() const {
  switch (state_) {
    case State::kStarting: return "starting";
    case State::kServing: return "";
    default: return "draining";
  }
}

std::vector<std::string> Server::warnings() {
  std::vector<std::string> lines;
  if (!status_.last_error.empty()) {
    lines.push_back("warning: the newest configuration was refused, an older one runs: " +
                    status_.last_error.substr(0, status_.last_error.find('\n')));
  }
  if (running_ == nullptr) return lines;
  for (auto& line : certificates_.warnings(*running_, loop_.scheduler().wall())) {
    lines.push_back(std::move(line));
  }
  return lines;
}

bool Server::set_log_level(const std::string& level) { return woad::set_log_level(level); }

void Server::collect_metrics(std::function<void(MetricsSnapshot)> done) {
  auto merged = std::make_shared<MetricsSnapshot>();
  gather<MetricsSnapshot>(
      &Worker::ask_metrics, [merged](const MetricsSnapshot& part) { merged->merge(part); },
      [merged, done = std::move(done)] { done(std::move(*merged)); });
}

void Server::collect_plaintext_callers(std::function<void(PlaintextCallers)> done) {
  auto merged = std::make_shared<PlaintextCallers>();
  gather<PlaintextCallers>(
      &Worker::ask_plaintext_callers,
      [merged](const PlaintextCallers& part) { merged->merge(part); },
      [merged, done = std::move(done)] { done(std::move(*merged)); });
}

void Server::collect_endpoints(std::function<void(std::vector<EndpointLoad>)> done) {
  auto sum = std::make_shared<std::map<std::string, EndpointLoad>>();
  gather<std::vector<EndpointLoad>>(
      &Worker::ask_endpoints,
      [sum](const std::vector<EndpointLoad>& part) {
        for (const EndpointLoad& load : part) {
          EndpointLoad& total = (*sum)[load.address];
          total.address = load.address;
          total.active += load.active;
          total.connections_active += load.connections_active;
          total.connections_idle += load.connections_idle;
        }
      },
      [sum, done = std::move(done)] {
        std::vector<EndpointLoad> all;
        for (auto& [address, load] : *sum) all.push_back(std::move(load));
        done(std::move(all));
      });
}

}  // namespace woad
