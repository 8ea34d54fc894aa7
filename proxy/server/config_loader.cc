#include "proxy/server/config_loader.h"

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
    SnapshotTls tls = load_tls(*read.config, previous == nullptr ? nullptr : &previous->tls,
                               basis.now, read.diagnostics);
    if (!tls.being_written.empty()) loaded.being_written = tls.being_written;
    auto snapshot = compile(*read.config, basis.registry, basis.resolutions, std::move(tls),
                            previous, basis.seed, read.diagnostics);
    if (read.diagnostics.ok()) loaded.snapshot = std::move(snapshot);
  }
  if (!read.diagnostics.ok()) loaded.errors = read.diagnostics.text();
  if (diagnostics != nullptr) *diagnostics = std::move(read.diagnostics);
  return loaded;
}

}  // namespace

LoadedConfig load_config(const std::string& path, const LoadBasis& basis,
                         config::Diagnostics* diagnostics) {
  return compile_loaded(config::load_file(path, config::Environment::of_process()), path, basis,
                        diagnostics);
}

LoadedConfig compile_config(std::shared_ptr<const config::Config> config, const std::string& path,
                            const LoadBasis& basis) {
  const std::shared_ptr<const std::string> source(config, &config->source_text());
  return compile_loaded({std::move(config), config::Diagnostics(path, source)}, path, basis,
                        nullptr);
}

}  // namespace woad
