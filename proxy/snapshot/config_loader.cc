#include "proxy/snapshot/config_loader.h"

#include <malloc.h>

#include <utility>

namespace woad {

namespace {

LoadedConfig compile_loaded(config::LoadResult read, const std::string& path,
                            const LoadBasis& basis, config::Diagnostics* diagnostics) {
  LoadedConfig loaded;
  loaded.config = read.config;
  if (!read.whole) loaded.being_written = path;
  if (read.config != nullptr) {
    const Snapshot* previous = basis.previous.get();
    loaded.names = names_to_resolve(*read.config);
    SnapshotTls tls;
    if (!read.config->elsewhere) {
      tls = load_tls(*read.config, previous == nullptr ? nullptr : &previous->tls, basis.now,
                     read.diagnostics);
    }
    if (!tls.being_written.empty()) loaded.being_written = tls.being_written;
    auto snapshot = compile(*read.config, basis.registry, basis.resolutions, std::move(tls),
                            previous, basis.seed, read.diagnostics, basis.mono_now);
    if (read.diagnostics.ok()) loaded.snapshot = std::move(snapshot);
  }
  (read.diagnostics.ok() ? loaded.warnings : loaded.errors) = read.diagnostics.text();
  if (diagnostics != nullptr) *diagnostics = std::move(read.diagnostics);
  return loaded;
}

// Compiles what was read; errors are found again in the whole text where they have no place.
LoadedConfig compile_read(config::LoadResult read, const std::string& path,
                          const config::Environment& environment, const LoadBasis& basis,
                          config::Diagnostics* diagnostics) {
  const std::shared_ptr<const config::Config> config = read.config;
  const bool whole = read.whole;
  LoadedConfig loaded = compile_loaded(std::move(read), path, basis, diagnostics);
  if (config == nullptr || config->tells_places() || loaded.snapshot != nullptr) return loaded;
  read = config::load_text(config->source_text(), path, environment);
  read.whole = whole;
  return compile_loaded(std::move(read), path, basis, diagnostics);
}

void forget_tree(const config::Config& config) {
  config.document->clear();
  // The tree of a whole file and what the parser needed for it are far more than what is kept.
  if (!config.has_older_services) malloc_trim(0);
}

}  // namespace

LoadedConfig load_config(const std::string& path, const LoadBasis& basis,
                         config::Diagnostics* diagnostics) {
  const auto environment = config::Environment::of_process();
  LoadedConfig loaded =
      compile_read(config::load_file(path, environment, basis.previous_config.get()), path,
                   environment, basis, diagnostics);
  if (loaded.snapshot != nullptr) forget_tree(*loaded.config);
  return loaded;
}

LoadedConfig load_config_text(std::string text, const std::string& name,
                              const config::Environment& environment, const LoadBasis& basis,
                              config::Diagnostics* diagnostics) {
  LoadedConfig loaded = compile_read(
      config::load_text(std::move(text), name, environment, basis.previous_config.get()), name,
      environment, basis, diagnostics);
  if (loaded.snapshot != nullptr) forget_tree(*loaded.config);
  return loaded;
}

LoadedConfig compile_config(std::shared_ptr<const config::Config> config, const std::string& path,
                            const LoadBasis& basis) {
  const auto text = config->text;
  return compile_read({std::move(config), config::Diagnostics(path, text)}, path,
                      config::Environment::of_process(), basis, nullptr);
}

}  // namespace woad
