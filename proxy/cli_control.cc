#include "proxy/cli_control.h"

#include <utility>

#include "config/values.h"
#include "proxy/cli_words.h"
#include "proxy/client/url.h"

namespace woad {

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
  control_->require_subcommand(0, 1);
  status_ = control_->add_subcommand(
      "status",
      "A table of services: version, roll-out, instances, what sidecars said; and problems");
  status_->add_option("--url", url_, "A control plane")->capture_default_str();
  status_->add_option("--tls-dir", status_tls_folder_,
                      "With https: the folder with tls.crt, tls.key and ca.crt of a reader");
  status_->add_flag("--json", json_, "Answer as JSON");
}

Result<Command> ControlLine::serve() const {
  if (store_.empty()) {
    return Error{"control needs --store: dir:PATH, etcd:http://HOST:PORT or kubernetes"};
  }
  auto listen = parse_address("--listen", listen_);
  if (!listen) return listen.error();
  auto admin = parse_address("--admin", admin_);
  if (!admin) return admin.error();
  const auto drain_timeout = config::parse_duration(drain_timeout_);
  if (!drain_timeout) return Error{"--drain-timeout " + drain_timeout.error().message};
  return Command(ServeControlCommand{std::move(*listen), std::move(*admin), store_, kubeconfig_,
                                     tls_folder_, *drain_timeout});
}

Result<Command> ControlLine::chosen() const {
  if (!status_->parsed()) return serve();
  const auto url = parse_url(url_);
  if (!url) return Error{"--url " + url.error().message};
  if (url->tls && status_tls_folder_.empty()) {
    return Error{"--url https:… needs --tls-dir, the certificates of one of control.readers"};
  }
  return Command(ControlStatusCommand{url_, status_tls_folder_, json_});
}

}  // namespace woad
