#include "proxy/server/config_loader.h"

#include <utility>

namespace woad {

namespace {

LoadedConfig compile_loaded(config::LoadResult read, const LoadBasis& basis,
                            config::Diagnostics* diagnostics) {
  LoadedConfig loaded;
  loaded.config = read.config;
  if (read.config != nullptr) {
    const Snapshot* previous = basis.previous.get();
    loaded.names = names_to_resolve(*read.config);
    SnapshotTls tls = load_tls(*read.config, previous == nullptr ? nullptr : &previous->tls,
                               std::chrono::system_clock::now(), read.diagnostics);
    auto snapshot = compile(*read.config, basis.registry, basis.resolutions, std::move(tls),
                            previous, read.diagnostics);
    if (read.diagnostics.ok()) loaded.snapshot = std::move(snapshot);
  }
  if (!read.diagnostics.ok()) loaded.errors = read.diagnostics.text();
  if (diagnostics != nullptr) *diagnostics = std::move(read.diagnostics);
  return loaded;
}

}  // namespace

LoadedConfig load_config(const std::string& path, const LoadBasis& basis,
                         config::Diagnostics* diagnostics) {
  return compile_loaded(config::load_file(path, config::Environment::of_process()), basis,
                        diagnostics);
}

LoadedConfig load_again(const std::string& text, const std::string& path, const LoadBasis& basis) {
  return compile_loaded(config::load_text(text, path, config::Environment::of_process()), basis,
                        nullptr);
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
  thread_ = std::thread([this, job = std::move(job), previous = running_()]() mutable {
    auto loaded = std::make_shared<LoadedConfig>(job(std::move(previous)));
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
