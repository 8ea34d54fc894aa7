// The command line of `woad control`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "proxy/cli.h"

namespace woad {

class ControlLine {
 public:
  void add(CLI::App& app);
  // Whether it was this command.
  bool parsed() const { return control_->parsed(); }
  // What was asked for; the error is a sentence.
  Result<Command> chosen() const;

 private:
  void add_offline();
  Result<Command> serve() const;
  Result<std::optional<ServeInjectionCommand>> injection() const;
  Result<Command> status() const;
  Result<Command> check() const;
  Result<Command> render() const;

  CLI::App* control_ = nullptr;
  CLI::App* status_ = nullptr;
  CLI::App* check_ = nullptr;
  CLI::App* render_ = nullptr;
  std::string listen_ = "0.0.0.0:15010";
  std::string admin_ = "127.0.0.1:15011";
  std::string store_;
  std::string kubeconfig_;
  std::string tls_folder_;
  std::string drain_timeout_ = "25s";
  std::string inject_;
  std::string inject_certificate_;
  std::string inject_config_;
  ControlStatusCommand status_command_;
  std::string checked_;
  std::string before_;
  std::string service_;
  std::string rendered_;
};

}  // namespace woad
