#include "proxy/cli_control.h"

#include <string_view>
#include <utility>

#include "config/values.h"
#include "proxy/cli_words.h"
#include "proxy/client/url.h"
#include "proxy/control/stores/make_store.h"

namespace woad {
namespace {

// The folder of "dir:PATH".
Result<std::string> folder_of(const std::string& what, const std::string& text) {
  constexpr std::string_view kKind = "dir:";
  if (text.starts_with(kKind) && text.size() > kKind.size()) return text.substr(kKind.size());
  return Error{what + " " + config::in_quotes(text) + " is not dir:PATH"};
}

}  // namespace

void ControlLine::add(CLI::App& app) {
  control_ = app.add_subcommand(
      "control", "Run the control plane: tell a fleet of sidecars what their file says");
  control_->add_option("--listen", listen_, "Where sidecars ask")->capture_default_str();
  control_->add_option("--store", store_,
                       "Where documents are: dir:PATH, etcd:http://HOST:PORT[,…] or kubernetes");
  control_->add_option("--kubeconfig", kubeconfig_,
                       "With --store kubernetes, outside of a cluster: how it is reached");
  control_->add_option("--admin", admin_, "Health, readiness and metrics")->capture_default_str();
  control_->add_option("--tls-dir", tls_folder_,
                       "The folder with tls.crt, tls.key and ca.crt; without it nobody but callers "
                       "over loopback is served");
  control_
      ->add_option("--drain-timeout", drain_timeout_,
                   "Over how long those who wait are sent away at the end")
      ->capture_default_str();
  control_->add_option("--inject", inject_, "Serve the injection webhook here, too");
  control_->add_option("--inject-cert", inject_certificate_,
                       "With --inject: the folder with its tls.crt and tls.key");
  control_->add_option("--inject-config", inject_config_,
                       "With --inject: settings, such as the values of the chart");
  control_->require_subcommand(0, 1);
  status_ = control_->add_subcommand(
      "status",
      "A table of services: version, roll-out, instances, what sidecars said; and problems");
  status_->add_option("--url", status_command_.url, "A control plane")->capture_default_str();
  status_->add_option("--tls-dir", status_command_.tls_folder,
                      "With https: the folder with tls.crt, tls.key and ca.crt of a reader");
  status_->add_flag("--json", status_command_.json, "Answer as JSON");
  add_offline();
}

void ControlLine::add_offline() {
  check_ = control_->add_subcommand(
      "check",
      "Make and validate the file of every service of a folder, without a control plane: 0 when "
      "all are good, 1 with errors, 2 for wrong usage");
  check_->add_option("STORE", checked_, "The documents, dir:PATH")->required();
  check_->add_option("--diff", before_, "Print what changes in each file since dir:OTHER");
  render_ = control_->add_subcommand("render", "Print the file of one service");
  render_->add_option("SERVICE", service_, "Whose sidecars have it")->required();
  // Of this command, not of the one above it.
  render_->add_option("--store", rendered_, "The documents, dir:PATH")->required();
}

Result<Command> ControlLine::serve() const {
  if (store_.empty()) {
    return Error{"control needs --store: dir:PATH, etcd:http://HOST:PORT or kubernetes"};
  }
  if (const auto known = control::check_store_word(store_); !known) {
    return Error{"--store " + known.error().message};
  }
  const auto listen = parse_address("--listen", listen_);
  if (!listen) return listen.error();
  const auto admin = parse_address("--admin", admin_);
  if (!admin) return admin.error();
  const auto drain_timeout = config::parse_duration(drain_timeout_);
  if (!drain_timeout) return Error{"--drain-timeout " + drain_timeout.error().message};
  auto inject = injection();
  if (!inject) return inject.error();
  return Command(ServeControlCommand{*listen, *admin, store_, kubeconfig_, tls_folder_,
                                     *drain_timeout, std::move(*inject)});
}

Result<std::optional<ServeInjectionCommand>> ControlLine::injection() const {
  if (inject_.empty()) {
    if (inject_certificate_.empty() && inject_config_.empty()) return {std::nullopt};
    return Error{"--inject-cert and --inject-config need --inject, the address of the webhook"};
  }
  if (inject_certificate_.empty()) {
    return Error{"--inject needs --inject-cert, the folder with tls.crt and tls.key"};
  }
  const auto address = parse_address("--inject", inject_);
  if (!address) return address.error();
  return {ServeInjectionCommand{*address, inject_certificate_, inject_config_, {}}};
}

Result<Command> ControlLine::chosen() const {
  return status_->parsed()   ? status()
         : check_->parsed()  ? check()
         : render_->parsed() ? render()
                             : serve();
}

Result<Command> ControlLine::check() const {
  auto folder = folder_of("check", checked_);
  if (!folder) return folder.error();
  if (before_.empty()) return Command(ControlCheckCommand{std::move(*folder), ""});
  auto before = folder_of("--diff", before_);
  if (!before) return before.error();
  return Command(ControlCheckCommand{std::move(*folder), std::move(*before)});
}

Result<Command> ControlLine::render() const {
  auto folder = folder_of("--store", rendered_);
  if (!folder) return folder.error();
  return Command(ControlRenderCommand{service_, std::move(*folder)});
}

Result<Command> ControlLine::status() const {
  const auto url = parse_url(status_command_.url);
  if (!url) return Error{"--url " + url.error().message};
  if (url->target != "/") return Error{"--url must be without a path, such as http://cp:15010"};
  if (url->tls && status_command_.tls_folder.empty()) {
    return Error{"--url https:… needs --tls-dir, the certificates of one of control.readers"};
  }
  return Command(status_command_);
}

}  // namespace woad
