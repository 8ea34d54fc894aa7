#include "proxy/cli.h"

#include <CLI/CLI.hpp>
#include <array>
#include <optional>
#include <string_view>

#include "config/values.h"
#include "proxy/base/strings.h"
#include "proxy/cli_control.h"
#include "proxy/cli_words.h"
#include "proxy/net/tls/svid.h"

namespace woad {
namespace {

constexpr int kUsage = 2;
constexpr std::array<std::string_view, 10> kCommands = {"run",     "validate", "explain",  "wait",
                                                        "drain",   "certs",    "redirect", "inject",
                                                        "control", "version"};

PrintCommand usage_error(const std::string& sentence) {
  return {"woad: " + sentence + "\nRun woad --help for more.\n", kUsage};
}

Result<std::pair<std::string, std::string>> parse_header(const std::string& text) {
  const size_t colon = text.find(':');
  const std::string_view name = std::string_view(text).substr(0, colon);
  if (colon == std::string::npos || !config::is_token(name)) {
    return Error{"-H " + config::in_quotes(text) + " is not \"name: value\""};
  }
  return std::pair(std::string(name), std::string(trim(text.substr(colon + 1))));
}

// Ids of one trust domain that can stand in a workload's certificate.
Result<void> check_ids(const std::vector<std::string>& ids) {
  for (const std::string& text : ids) {
    const auto id = parse_spiffe_id(text);
    if (!id) return id.error();
    if (id->path.empty())
      return Error{"--id " + config::in_quotes(text) + " needs a path, /ns/shop/sa/cart say"};
    if (id->trust_domain != parse_spiffe_id(ids.front())->trust_domain) {
      return Error{"one CA has one trust domain; ids of another one need a --dir of their own"};
    }
  }
  return {};
}

class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "woad " WOAD_VERSION);

    run_ = app_.add_subcommand("run", "Run the sidecar (default command)");
    add_config(*run_, run_command_.config);
    add_member();

    validate_ = app_.add_subcommand(
        "validate", "Check a configuration: 0 when it is good, 1 with errors, 2 for wrong usage");
    add_config(*validate_, validate_command_.config);
    validate_->add_option("--format", format_, "How errors are listed")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();

    explain_ = app_.add_subcommand(
        "explain", "Say why a request would go where; exit 3 when it would be refused");
    add_config(*explain_, explain_command_.config);
    explain_->add_option("-X", explain_command_.method, "Method")->capture_default_str();
    explain_->add_option("-H", headers_, "Header field, \"name: value\"; may be repeated")
        ->allow_extra_args(false);
    explain_->add_flag("--json", explain_command_.json, "Answer as JSON");
    explain_
        ->add_option("URL", explain_command_.url,
                     "What the app would ask for, such as http://price/x")
        ->required();

    wait_ = app_.add_subcommand(
        "wait", "Wait for the local sidecar: 0 as soon as it is ready, 1 when not in time");
    wait_->add_option("--timeout", timeout_, "How long, such as 30s")->capture_default_str();
    add_admin(*wait_);
    drain_ = app_.add_subcommand(
        "drain", "Start the graceful end of the local sidecar: inbound drains, outbound serves on");
    add_admin(*drain_);
    add_certs();
    add_redirect();
    add_inject();
    control_.add(app_);
    app_.add_subcommand("version", "Print the version");
  }

  Command parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::Success& success) {
      return help(success);
    } catch (const CLI::Error& error) {
      return usage_error(error.what());
    }
    return chosen();
  }

 private:
  static void add_config(CLI::App& command, std::string& into) {
    command.add_option("-c,--config", into, "The configuration file")->required();
  }
  void add_member() {
    MemberFlags& member = run_command_.member;
    run_->add_option("--control-plane", member.urls,
                     "Take the configuration from a control plane, and keep it in the file of -c: "
                     "https://cp-a:15010,https://cp-b:15010 (or WOAD_CONTROL_PLANE)");
    run_->add_flag("--register", member.registers,
                   "Tell the control plane that this instance serves (or WOAD_REGISTER=true)");
    run_->add_option("--control-plane-identity", member.identity,
                     "SPIFFE pattern of the control plane (default: "
                     "spiffe://<own trust domain>/ns/*/sa/woad-control)");
    run_->add_flag("--control-plane-insecure", member.insecure,
                   "Speak plain http to a control plane on another host, too");
  }
  void add_admin(CLI::App& command) {
    command.add_option("--admin", admin_, "The sidecar's admin address")->capture_default_str();
  }

  void add_certs() {
    certs_ = app_.add_subcommand(
        "certs",
        "Issue workload certificates from a CA in a folder: for trying and testing mTLS, not for "
        "production, which has a CA already. The first call makes the CA");
    certs_
        ->add_option("--dir", certs_command_.folder,
                     "The folder of the CA, and of a folder for each id")
        ->capture_default_str();
    certs_
        ->add_option("--id", certs_command_.ids,
                     "SPIFFE id, such as spiffe://example.org/ns/shop/sa/cart; may be repeated")
        ->allow_extra_args(false);
    certs_->add_option("--ttl", ttl_, "How long the certificates last")->capture_default_str();
    certs_->add_option(
        "--out", certs_command_.out,
        "Where the certificate of a single --id goes (default: <dir>/<last segment of the id>)");
    certs_
        ->add_option(
            "--dns", certs_command_.dns,
            "A DNS name beside a single --id, for clients that check names; may be repeated")
        ->allow_extra_args(false);
    auto* const add =
        certs_->add_flag("--new-root", certs_command_.new_root,
                         "Rotation, step 1: a new root signs from now on, old and new are trusted "
                         "everywhere in the folder. Step 2: issue each --id anew");
    certs_
        ->add_flag("--drop-old-roots", certs_command_.drop_old_roots,
                   "Rotation, step 3: the newest root alone is trusted")
        ->excludes(add);
  }

  void add_redirect() {
    redirect_ = app_.add_subcommand(
        "redirect",
        "Bring the TCP connections of this network namespace to the sidecar, IPv4 and IPv6, and "
        "exit; needs NET_ADMIN. Another call replaces the rules of the first");
    const auto add = [this](const char* name, std::string& word, const char* what) {
      return redirect_->add_option(name, word, what);
    };
    add("--inbound", redirect_words_.inbound, "The port for what reaches the pod")
        ->capture_default_str();
    add("--outbound", redirect_words_.outbound, "The port for what its processes open")
        ->capture_default_str();
    add("--user", redirect_words_.user, "The sidecar's user, name or number: never redirected")
        ->capture_default_str();
    add("--exclude-inbound-ports", redirect_words_.exclude_inbound_ports,
        "Ports of the pod that are left alone, such as 22,9100")
        ->multi_option_policy(CLI::MultiOptionPolicy::Join);
    add("--exclude-outbound-ports", redirect_words_.exclude_outbound_ports,
        "Ports elsewhere that are left alone, such as 5432")
        ->multi_option_policy(CLI::MultiOptionPolicy::Join);
    add("--exclude-cidrs", redirect_words_.exclude_cidrs,
        "Networks elsewhere that are left alone, such as 169.254.169.254/32,fd00::/8")
        ->multi_option_policy(CLI::MultiOptionPolicy::Join);
    add("--backend", redirect_words_.backend, "auto, nft or iptables")->capture_default_str();
    redirect_->add_flag("--dry-run", redirect_words_.dry_run,
                        "Print the rules and change nothing; needs no capability");
    redirect_->add_flag("--remove", redirect_words_.remove, "Take the rules out again");
  }

  void add_inject() {
    inject_ = app_.add_subcommand(
        "inject",
        "Put the sidecar into the pods of Kubernetes documents: print those of -f with it, or "
        "answer an API server as its webhook (--serve)");
    auto* const file = inject_->add_option("-f,--file", inject_command_.file,
                                           "YAML or JSON documents; - reads standard input");
    inject_->add_option("--config", inject_command_.config,
                        "Values of the chart (helm/woad): values.yaml");
    inject_
        ->add_option("--native", native_,
                     "Whether the sidecar is a native one (Kubernetes 1.29); false: a container "
                     "beside the app's, not for Jobs (default: as the values say, else true)")
        ->check(CLI::IsMember({"true", "false"}));
    inject_->add_flag("--remove", inject_command_.remove, "Take out what was put in")->needs(file);
    auto* const serve = inject_
                            ->add_option("--serve", serve_,
                                         "Serve the webhook by HTTPS, "
                                         "[::]:9443 say")
                            ->excludes(file);
    inject_->add_option("--cert", inject_cert_, "The folder with the webhook's tls.crt and tls.key")
        ->needs(serve);
  }

  PrintCommand help(const CLI::Success& success) {
    std::ostringstream out;
    app_.exit(success, out, out);
    return {out.str(), 0};
  }

  Command chosen() {
    if (*run_) return run_command_;
    if (*validate_) return validate();
    if (*explain_) return explain();
    if (*wait_) return wait();
    if (*drain_) return drain();
    if (*certs_) return certs();
    if (*redirect_) return redirection();
    if (*inject_) return inject();
    if (control_.parsed()) {
      Result<Command> command = control_.chosen();
      return command ? std::move(*command) : usage_error(command.error().message);
    }
    return PrintCommand{"woad " WOAD_VERSION "\n"};
  }

  Command validate() {
    validate_command_.json = format_ == "json";
    return validate_command_;
  }

  Command explain() {
    ExplainCommand& command = explain_command_;
    if (!config::is_token(command.method)) return usage_error("-X must be a method such as GET");
    for (const std::string& text : headers_) {
      auto header = parse_header(text);
      if (!header) return usage_error(header.error().message);
      command.headers.push_back(std::move(*header));
    }
    return command;
  }

  Command wait() {
    const auto timeout = config::parse_duration(timeout_);
    if (!timeout) return usage_error("--timeout " + timeout.error().message);
    const auto admin = parse_address("--admin", admin_);
    if (!admin) return usage_error(admin.error().message);
    return WaitCommand{*timeout, *admin};
  }

  Command drain() {
    const auto admin = parse_address("--admin", admin_);
    if (!admin) return usage_error(admin.error().message);
    return DrainCommand{*admin};
  }

  Command certs() {
    CertsCommand& command = certs_command_;
    if (command.ids.empty() && !command.new_root && !command.drop_old_roots) {
      return usage_error("certs needs --id, --new-root or --drop-old-roots");
    }
    if (command.ids.size() != 1 && (!command.out.empty() || !command.dns.empty())) {
      return usage_error("--out and --dns go with a single --id");
    }
    for (const std::string& name : command.dns) {
      if (!config::is_token(name)) {
        return usage_error("--dns " + config::in_quotes(name) + " is not a DNS name");
      }
    }
    const auto good = check_ids(command.ids);
    if (!good) return usage_error(good.error().message);
    const auto lifetime = config::parse_duration(ttl_);
    if (!lifetime) return usage_error("--ttl " + lifetime.error().message);
    if (*lifetime < seconds(1)) return usage_error("--ttl must be a second at least");
    command.lifetime = *lifetime;
    return command;
  }

  Command redirection() {
    auto options = redirect::read_options(redirect_words_);
    if (!options) return usage_error(options.error().message);
    return RedirectCommand{std::move(*options)};
  }

  Command inject() {
    if (!native_.empty()) inject_command_.native = native_ == "true";
    if (inject_command_.file == "-" && inject_command_.config == "-") {
      return usage_error("-f and --config cannot both read standard input");
    }
    if (!inject_command_.file.empty()) return inject_command_;
    if (serve_.empty()) return usage_error("inject needs -f FILE, or --serve ADDRESS");
    if (inject_cert_.empty()) return usage_error("--serve needs --cert, a folder");
    const auto address = parse_address("--serve", serve_);
    if (!address) return usage_error(address.error().message);
    return ServeInjectionCommand{*address, inject_cert_, inject_command_.config,
                                 inject_command_.native};
  }

  CLI::App app_{"woad, a sidecar proxy with request dyeing", "woad"};
  CLI::App* run_;
  CLI::App* validate_;
  CLI::App* explain_;
  CLI::App* wait_;
  CLI::App* drain_;
  CLI::App* certs_;
  CLI::App* redirect_;
  CLI::App* inject_;
  ControlLine control_;
  RunCommand run_command_;
  ValidateCommand validate_command_;
  std::string format_ = "text";
  ExplainCommand explain_command_;
  std::vector<std::string> headers_;
  std::string timeout_ = "30s";
  std::string admin_ = "127.0.0.1:15000";
  CertsCommand certs_command_;
  std::string ttl_ = "24h";
  redirect::Words redirect_words_;
  InjectCommand inject_command_;
  std::string native_;
  std::string serve_;
  std::string inject_cert_;
};

bool is_option_of_run(const std::string& first) {
  return first.starts_with('-') && first != "-h" && first != "--help" && first != "--version";
}

}  // namespace

Command parse_command_line(std::vector<std::string> arguments) {
  if (arguments.empty() || is_option_of_run(arguments.front())) {
    arguments.insert(arguments.begin(), "run");
  } else if (!arguments.front().starts_with('-') &&
             std::find(kCommands.begin(), kCommands.end(), arguments.front()) == kCommands.end()) {
    const std::vector<std::string_view> known(kCommands.begin(), kCommands.end());
    const std::string hint = config::did_you_mean(arguments.front(), known);
    return usage_error(config::in_quotes(arguments.front()) + " is not a command" +
                       (hint.empty() ? "" : "; " + hint));
  }
  return CommandLine().parse(std::move(arguments));
}

}  // namespace woad
