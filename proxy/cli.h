// The command line, as config/reference.md says it ("Command line"). Only parsed here; main.cc runs
// it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/base/time.h"
#include "proxy/member/settings.h"
#include "proxy/net/address.h"
#include "proxy/redirect/options.h"

namespace woad {

struct RunCommand {
  std::string config;
  MemberFlags member;
};

struct ValidateCommand {
  std::string config;
  bool json = false;
};

struct ExplainCommand {
  std::string config;
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  bool json = false;
  std::string url;
};

struct WaitCommand {
  Duration timeout;
  Address admin;
};

struct DrainCommand {
  Address admin;
};

struct CertsCommand {
  std::string folder = "certs";  // of the CA
  std::vector<std::string> ids;  // SPIFFE ids of one trust domain, each with a path
  std::vector<std::string> dns;  // only with one id
  Duration lifetime{};
  std::string out;  // only with one id; "": a folder beside the CA, named as the id's path ends
  bool new_root = false;
  bool drop_old_roots = false;
};

struct RedirectCommand {
  redirect::Options options;
};

// `woad inject -f`: one file through.
struct InjectCommand {
  std::string file;            // "-": standard input
  std::string config;          // "": the defaults
  std::optional<bool> native;  // wins over the configuration
  bool remove = false;
};

// `woad inject --serve`: the webhook, until a signal.
struct ServeInjectionCommand {
  Address address;
  std::string certificate;  // the folder with tls.crt and tls.key
  std::string config;
  std::optional<bool> native;
};

// `woad control`: the control plane, until a signal.
struct ServeControlCommand {
  Address listen;
  Address admin;
  std::string store;
  std::string kubeconfig;
  std::string tls_folder;
  Duration drain_timeout{};
  // The webhook in the same process, its `native` left to the configuration; nothing: none.
  std::optional<ServeInjectionCommand> inject;
};

struct ControlStatusCommand {
  std::string url = "http://127.0.0.1:15010";
  std::string tls_folder;
  bool json = false;
};

// `woad control check`: every service of a folder of documents.
struct ControlCheckCommand {
  std::string folder;
  std::string before;  // the folder to compare with; "": none
};

// `woad control render`: one service's file.
struct ControlRenderCommand {
  std::string service;
  std::string folder;
};

// Nothing to run but to print `text` and exit: help or the version (0, for stdout) or a usage error
// (2, for stderr).
struct PrintCommand {
  std::string text;
  int exit_code = 0;
};

using Command = std::variant<RunCommand, ValidateCommand, ExplainCommand, WaitCommand, DrainCommand,
                             CertsCommand, RedirectCommand, InjectCommand, ServeInjectionCommand,
                             ServeControlCommand, ControlStatusCommand, ControlCheckCommand,
                             ControlRenderCommand, PrintCommand>;

// `arguments` without the program's name. What is no command word in front means `run`.
Command parse_command_line(std::vector<std::string> arguments);

}  // namespace woad
