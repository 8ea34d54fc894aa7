#include "proxy/server/config_loader.h"

#include <utility>

namespace woad {

LoadedConfig load_config(const std::string& path, const std::vector<FilterKind>& registry,
                         const Resolutions& resolutions, const Snapshot* previous,
                         config::Diagnostics* diagnostics) {
  config::LoadResult read = config::load_file(path, config::Environment::of_process());
  LoadedConfig loaded;
  loaded.config = read.config;
  if (read.config != nullptr) {
    loaded.names = names_to_resolve(*read.config);
    auto snapshot = compile(*read.config, registry, resolutions, previous, read.diagnostics);
    if (read.diagnostics.ok()) loaded.snapshot = std::move(snapshot);
  }
  if (!read.diagnostics.ok()) loaded.errors = read.diagnostics.text();
  if (diagnostics != nullptr) *diagnostics = std::move(read.diagnostics);
  return loaded;
}

LoadedConfig recompile(std::shared_ptr<const config::Config> config,
                       const std::vector<FilterKind>& registry, const Resolutions& resolutions,
                       const Snapshot* previous) {
  LoadedConfig loaded;
  config::Diagnostics diagnostics("");
  loaded.snapshot = compile(*config, registry, resolutions, previous, diagnostics);
  loaded.names = names_to_resolve(*config);
  loaded.config = std::move(config);
  return loaded;
}

ConfigLoader::~ConfigLoader() {
  if (thread_.joinable()) thread_.join();
}

void ConfigLoader::run(Job job, Result result) {
  if (busy()) {
    next_job_ = std::move(job);
    next_result_ = std::move(result);
  } else {
    start(std::move(job), std::move(result));
  }
}

void ConfigLoader::start(Job job, Result result) {
  result_ = std::move(result);
  thread_ = std::thread([this, job = std::move(job)] {
    auto loaded = std::make_shared<LoadedConfig>(job());
    control_.post([this, loaded] { finish(std::move(*loaded)); });
  });
}

void ConfigLoader::finish(LoadedConfig loaded) {
  thread_.join();
  std::exchange(result_, nullptr)(std::move(loaded));
  if (next_job_ && !busy()) {
    start(std::exchange(next_job_, nullptr), std::exchange(next_result_, nullptr));
  }
}

}  // namespace woad
