// The configuration file as the source of what comes to run.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "proxy/server/rollout.h"

namespace woad {

class ConfigFile final : public ConfigSource {
 public:
  explicit ConfigFile(std::string path) : path_(std::move(path)) {}

  LoadedConfig read(const LoadBasis& basis) override;
  LoadedConfig compile(std::shared_ptr<const config::Config> config,
                       const LoadBasis& basis) override {
    return compile_config(std::move(config), path_, basis);
  }

 private:
  const std::string path_;
};

}  // namespace woad
