#include "proxy/server/rollout.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "proxy/log/log.h"

namespace woad {

Rollout::Rollout(const Faces& faces, const std::vector<FilterKind>& registry, std::string path,
                 uint64_t seed)
    : faces_(faces),
      registry_(registry),
      seed_(seed),
      timer_(faces.scheduler.timers(), bind_timer<&Rollout::proceed>(this)) {
  status_.source = std::move(path);
}

const std::shared_ptr<const Snapshot>& Rollout::snapshot() const {
  return is_start() ? next_.loaded.snapshot : running_.loaded.snapshot;
}

void Rollout::read_file() {
  newer_ = true;
  proceed();
}

void Rollout::on_names_changed() {
  ++world_.names;
  proceed();
}

void Rollout::on_certificates_changed() {
  ++world_.certificates;
  proceed();
}

void Rollout::stop() {
  timer_.disarm();
  if (state_ != State::kStopped) enter(State::kStopped);
}

// The transitions of the drawing, and no others.
void Rollout::enter(State next) {
  const auto from = [this](std::initializer_list<State> states) {
    return std::find(states.begin(), states.end(), state_) != states.end();
  };
  switch (next) {
    case State::kIdle: WOAD_ASSERT(!from({State::kIdle, State::kStopped})); break;
    case State::kPausing: WOAD_ASSERT(from({State::kIdle})); break;
    case State::kLoading: WOAD_ASSERT(from({State::kIdle, State::kNaming})); break;
    case State::kNaming:
    case State::kAdopting: WOAD_ASSERT(from({State::kLoading})); break;
    case State::kStopped: break;
  }
  state_ = next;
}

// Begins what can be begun now.
void Rollout::proceed() {
  switch (state_) {
    case State::kLoading:
    case State::kAdopting:
    case State::kStopped: return;
    case State::kNaming:
      if (newer_) return rest();
      if (faces_.names.settled()) compile(next_.loaded.config);
      return;
    case State::kPausing: enter(State::kIdle); break;
    case State::kIdle: break;
  }
  if (!newer_ && !is_outdated()) return;
  const MonoTime now = faces_.scheduler.now();
  if (now < load_at_) {
    enter(State::kPausing);
    timer_.arm(load_at_ - now);
  } else if (newer_) {
    read();
  } else {
    compile(running_.loaded.config);
  }
}

// What was under way is over, well or not.
void Rollout::rest() {
  next_ = {};
  enter(State::kIdle);
  proceed();
}

void Rollout::read() {
  newer_ = false;
  load([](ConfigSource& source, const LoadBasis& basis) { return source.read(basis); });
}

void Rollout::compile(std::shared_ptr<const config::Config> config) {
  load([config = std::move(config)](ConfigSource& source, const LoadBasis& basis) {
    return source.compile(config, basis);
  });
}

void Rollout::load(Load load) {
  enter(State::kLoading);
  load_at_ = faces_.scheduler.now() + kPause;
  const auto version = std::make_shared<Version>();
  version->world = world_;
  faces_.background.run(
      [version, load = std::move(load), &source = faces_.source,
       basis = LoadBasis{registry_, faces_.names.resolutions(), running_.loaded.snapshot,
                         running_.loaded.config, faces_.scheduler.wall(), seed_,
                         faces_.scheduler.now()}] { version->loaded = load(source, basis); },
      [this, version] { on_loaded(std::move(*version)); });
}

void Rollout::on_loaded(Version version) {
  if (state_ == State::kStopped) return;
  if (!newer_) overtaken_since_.reset();
  if (!version.loaded.being_written.empty()) return on_being_written(version.loaded);
  written_.clear();
  if (runs(version.loaded)) {
    on_refreshed(std::move(version));
  } else {
    on_read(std::move(version));
  }
}

void Rollout::on_being_written(const LoadedConfig& loaded) {
  if (written_ != loaded.being_written) {
    written_ = loaded.being_written;
    log_info("a file is being written, it is read when its writer is done", {{"file", written_}});
  }
  if (!runs(loaded)) newer_ = true;
  load_at_ = faces_.scheduler.now() + kPause;
  rest();
}

void Rollout::on_refreshed(Version version) {
  if (version.loaded.snapshot == nullptr) {
    log_error("what the configuration refers to cannot be used any more, what runs stays",
              {{"errors", version.loaded.errors}});
  } else {
    const bool names_changed = version.world.names != running_.world.names;
    const bool certificates_changed = faces_.certificates.note(
        &running_.loaded.snapshot->tls, version.loaded.snapshot->tls, faces_.scheduler.wall());
    if (names_changed || certificates_changed) return adopt(std::move(version));
  }
  running_.world = version.world;
  rest();
}

void Rollout::on_read(Version version) {
  const LoadedConfig& loaded = version.loaded;
  if (loaded.snapshot == nullptr) return refuse(loaded.config.get(), loaded.errors);
  if (!is_start() && loaded.snapshot->hash == running_.loaded.snapshot->hash) return on_unchanged();
  status_.last_error.clear();
  if (yields_to_newer()) return rest();
  watch_names(loaded.names);
  const bool has_waited = loaded.config == next_.loaded.config;
  if (has_waited || (faces_.names.settled() && version.world.names == world_.names)) {
    return adopt(std::move(version));
  }
  next_ = std::move(version);
  enter(State::kNaming);
  proceed();
}

bool Rollout::yields_to_newer() {
  if (!newer_) return false;
  const MonoTime now = faces_.scheduler.now();
  if (!overtaken_since_) overtaken_since_ = now;
  return now - *overtaken_since_ < kOutdated;
}

void Rollout::adopt(Version version) {
  overtaken_since_.reset();
  next_ = std::move(version);
  enter(State::kAdopting);
  const Result<void> adopted = faces_.adopter.adopt(next_.loaded, [this] { on_adopted(); });
  if (adopted) return;
  if (runs(next_.loaded)) {
    log_error("what the configuration refers to cannot be used any more, what runs stays",
              {{"errors", adopted.error().message}});
    running_.world = next_.world;
    return rest();
  }
  refuse(next_.loaded.config.get(),
         (is_start() && !faces_.adopter.waits_for_first() ? "woad: " : "") +
             adopted.error().message + "\n");
}

void Rollout::on_adopted() {
  if (state_ == State::kStopped) return;
  const Snapshot& now = *next_.loaded.snapshot;
  if (!runs(next_.loaded)) {
    const WallTime at = faces_.scheduler.wall();
    faces_.certificates.note(is_start() ? nullptr : &running_.loaded.snapshot->tls, now.tls, at);
    status_.version = now.version;
    status_.hash = now.hash;
    status_.loaded_at = at;
    if (!is_start()) ++status_.reloads_success;
    log_info(is_start() ? "serving" : "configuration reloaded",
             {{"version", now.version}, {"hash", now.hash}});
    const std::string& warnings = next_.loaded.warnings;
    if (!warnings.empty()) log_warn("it may not do what was meant", {{"warnings", warnings}});
  }
  const bool is_new = !runs(next_.loaded);
  running_ = std::move(next_);
  if (is_new) faces_.adopter.on_judged(status_.hash, "");
  faces_.certificates.watch(running_.loaded.snapshot->tls);
  watch_names();
  rest();
}

void Rollout::on_unchanged() {
  ++status_.reloads_unchanged;
  status_.last_error.clear();
  faces_.adopter.on_judged(status_.hash, "");
  watch_names();
  rest();
}

void Rollout::refuse(const config::Config* config, const std::string& errors) {
  if (is_start() && newer_) return rest();
  if (is_start() && !faces_.adopter.waits_for_first()) {
    stop();
    faces_.adopter.on_start_failed(errors);
    return;
  }
  ++status_.reloads_rejected;
  status_.last_error = errors;
  log_error(is_start() ? "the configuration is refused, and there is no older one"
                       : "the new configuration is refused, the old one stays",
            {{"errors", errors}});
  faces_.adopter.on_judged(config == nullptr ? "" : config->hash, errors);
  watch_names();
  rest();
}

// Those of what runs, too: what is on its way may be refused.
void Rollout::watch_names(const std::vector<std::string>& more) {
  std::vector<std::string> names = running_.loaded.names;
  names.insert(names.end(), more.begin(), more.end());
  faces_.names.watch(names);
}

}  // namespace woad
