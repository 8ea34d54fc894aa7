// How a configuration comes to run: read and compiled off this loop, its names resolved, its
// sockets bound, then adopted by every worker.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <utility>

#include "proxy/log/log.h"
#include "proxy/server/server.h"

namespace woad {
namespace {

// Of its loop, and some sockets that listen.
constexpr int kDescriptorsOfWorker = 8;

uint32_t worker_count(const config::Config& config) {
  if (config.workers > 0) return config.workers;
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

// Nothing serves yet, so the file is read right here.
bool Server::boot() {
  LoadedConfig loaded = load_config(options_.config_path, {options_.filters});
  if (loaded.snapshot == nullptr) {
    std::fputs(loaded.errors.c_str(), stderr);
    exit_code_ = 1;
    return false;
  }
  configure_log(loaded.config->log.level, loaded.config->log.format);
  start_workers(*loaded.config);
  on_loaded(std::move(loaded), Cause::kBoot);
  if (exit_code_ != 0) return false;
  watch_ = std::make_unique<FileWatch>(loop_, options_.config_path, [this] { reload(); });
  return true;
}

void Server::start_workers(const config::Config& config) {
  std::random_device entropy;
  const auto random_seed = [&] { return static_cast<uint64_t>(entropy()) << 32 | entropy(); };
  exporter_ = std::make_unique<OtlpExporter>(
      otlp_over_http(loop_, blocks_, random_seed(), worker_count(config)));
  const int taken =
      descriptors_in_use() + kDescriptorsOfWorker * static_cast<int>(worker_count(config));
  const DescriptorShares shares = DescriptorShares::of(raise_descriptor_limit(), taken);
  for (uint32_t i = 0; i < worker_count(config); ++i) {
    const uint64_t seed = random_seed();
    workers_.push_back(std::make_unique<Worker>(seed, client_connections_, shares, taps_));
    workers_.back()->start();
  }
}

void Server::reload() {
  if (state_ == State::kStopping || state_ == State::kStopped) return;
  loader_.run(
      [path = options_.config_path, filters = &options_.filters,
       known = names_.resolutions()](std::shared_ptr<const Snapshot> previous) {
        return load_config(path, {*filters, known, std::move(previous)});
      },
      [this](LoadedConfig loaded) {
        on_loaded(std::move(loaded), Cause::kReload);
        refresh();
      });
}

void Server::on_loaded(LoadedConfig loaded, Cause cause) {
  if (loaded.snapshot == nullptr) {
    reject(loaded.errors, cause);
    return;
  }
  if (cause == Cause::kReload && running_ != nullptr && loaded.snapshot->hash == running_->hash) {
    ++status_.reloads_unchanged;
    status_.last_error.clear();
    return;
  }
  names_.watch(loaded.names);
  if (names_.all_answered()) {
    names_timer_.disarm();
    publish(std::move(loaded), cause);
    return;
  }
  waiting_ = std::move(loaded);
  waiting_cause_ = cause;
  names_timer_.arm(kNamesWait);
}

void Server::on_names_changed() {
  if (waiting_.config == nullptr) {
    names_changed_ = true;
    refresh();
  } else if (names_.all_answered()) {
    on_names_wait_over();
  }
}

// What waited for its names is compiled with the addresses that there are by now.
void Server::on_names_wait_over() {
  names_timer_.disarm();
  const LoadedConfig waited = std::exchange(waiting_, {});
  if (loader_.busy()) return;  // a newer file is being read
  loader_.run(
      [config = waited.config, path = options_.config_path, filters = &options_.filters,
       known = names_.resolutions()](std::shared_ptr<const Snapshot> previous) {
        return load_again(config->source_text(), path, {*filters, known, std::move(previous)});
      },
      [this, cause = waiting_cause_](LoadedConfig loaded) {
        if (loaded.snapshot == nullptr) {
          reject(loaded.errors, cause);
        } else {
          publish(std::move(loaded), cause);
        }
        refresh();
      });
}

void Server::on_certificates_changed() {
  certificates_changed_ = true;
  refresh();
}

// What runs now gets the newest addresses and certificates, once no load is under way that will
// bring its own.
void Server::refresh() {
  if (!names_changed_ && !certificates_changed_) return;
  if (loader_.busy() || running_ == nullptr) return;
  certificates_changed_ = false;
  loader_.run(
      [path = options_.config_path, filters = &options_.filters,
       known = names_.resolutions()](std::shared_ptr<const Snapshot> running) {
        return load_again(running->source, path, {*filters, known, running});
      },
      [this, names_changed = std::exchange(names_changed_, false)](LoadedConfig loaded) {
        on_refreshed(std::move(loaded), names_changed);
        refresh();
      });
}

void Server::on_refreshed(LoadedConfig loaded, bool names_changed) {
  if (loaded.snapshot == nullptr) {
    log_error("what the configuration refers to cannot be used any more, what runs stays",
              {{"errors", loaded.errors}});
    return;
  }
  const SnapshotTls& tls = loaded.snapshot->tls;
  if (certificates_.note(&running_->tls, tls, loop_.scheduler().wall()) || names_changed) {
    publish(std::move(loaded), Cause::kRefresh);
  }
}

Result<std::vector<std::vector<ListeningSocket>>> Server::open_sockets(
    const Snapshot& snapshot) const {
  std::vector<std::vector<ListeningSocket>> sockets(workers_.size());
  const auto listens_already = [&](const ListenerSpec& spec) {
    return running_ != nullptr &&
           std::any_of(running_->listeners.begin(), running_->listeners.end(),
                       [&](const ListenerSpec& open) { return open.name == spec.name; });
  };
  std::vector<Fd> opened;
  for (const ListenerSpec& spec : snapshot.listeners) {
    if (listens_already(spec)) continue;
    if (const auto free = check_free(spec.address); !free) return free.error();
    for (auto& of_worker : sockets) {
      auto fd = listen_tcp(spec.address);
      if (!fd) return fd.error();
      of_worker.push_back({spec.name, fd->get()});
      opened.push_back(std::move(*fd));
    }
  }
  for (Fd& fd : opened) (void)fd.release();
  return sockets;
}

void Server::publish(LoadedConfig loaded, Cause cause) {
  auto sockets = open_sockets(*loaded.snapshot);
  if (!sockets) {
    reject(sockets.error().message + "\n", cause);
    return;
  }
  const auto addresses = admin_addresses(loaded.config->admin);
  const Result<void> applied = addresses ? admin_.apply(*addresses) : addresses.error();
  if (!applied) {
    for (const auto& of_worker : *sockets) {
      for (const ListeningSocket& socket : of_worker) Fd(socket.fd);
    }
    reject(applied.error().message + "\n", cause);
    return;
  }
  adopt(loaded, std::move(*sockets), cause);
}

void Server::adopt(const LoadedConfig& loaded, std::vector<std::vector<ListeningSocket>> sockets,
                   Cause cause) {
  configure_log(loaded.config->log.level, loaded.config->log.format);
  if (cause != Cause::kRefresh && worker_count(*loaded.config) != workers_.size()) {
    log_warn("a new number of workers takes effect with the next start");
  }
  drain_ = loaded.config->drain;
  running_names_ = loaded.names;
  if (cause != Cause::kRefresh) {
    const SnapshotTls* before = running_ == nullptr ? nullptr : &running_->tls;
    certificates_.note(before, loaded.snapshot->tls, loop_.scheduler().wall());
  }
  running_ = loaded.snapshot;
  certificates_.watch(running_->tls.files);
  const ContextSystem& contexts = running_->context;
  contexts.table->configure(contexts.rules.table_limits);
  contexts.unanimity->configure(contexts.rules.table_limits.linger);
  if (!tend_timer_.armed()) tend_timer_.arm(kTendEvery);
  trace_as(*loaded.config);
  adopting_ += workers_.size();
  for (size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->adopt(running_, std::move(sockets[i]), exporter_->queue(i),
                       [this, cause] { loop_.post([this, cause] { on_adopted(cause); }); });
  }
}

void Server::on_adopted(Cause cause) {
  if (--adopting_ > 0) return;
  if (state_ == State::kStarting) state_ = State::kServing;
  if (cause == Cause::kRefresh) return;
  status_.version = running_->version;
  status_.hash = running_->hash;
  status_.loaded_at = loop_.scheduler().wall();
  status_.last_error.clear();
  if (cause == Cause::kReload) ++status_.reloads_success;
  log_info(cause == Cause::kBoot ? "serving" : "configuration reloaded",
           {{"version", running_->version}, {"hash", running_->hash}});
}

void Server::reject(const std::string& errors, Cause cause) {
  if (cause == Cause::kBoot) {
    std::fputs(("woad: " + errors).c_str(), stderr);
    stop(1);
    return;
  }
  names_.watch(running_names_);
  ++status_.reloads_rejected;
  status_.last_error = errors;
  log_error("the new configuration is refused, the old one stays", {{"errors", errors}});
}

// What the file and the environment say about spans takes effect with the snapshot.
void Server::trace_as(const config::Config& config) {
  const std::optional<config::Tracing>& tracing = config.tracing;
  OtlpInFile file;
  file.service = config.node.service;
  file.instance = config.node.instance;
  if (tracing && tracing->otlp) file.otlp = **tracing->otlp;
  if (tracing && tracing->source.find("sample")) file.sample = tracing->sample.value;
  OtlpSettings settings = otlp_settings(file, [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
  for (const std::string& warning : settings.warnings) log_warn(warning);
  exporter_->apply(std::move(settings));
}

}  // namespace woad
