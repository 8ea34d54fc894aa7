// The program: parses the command line and runs one command.

#include <malloc.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "filters/registry.h"
#include "proxy/admin/client.h"
#include "proxy/certs.h"
#include "proxy/cli.h"
#include "proxy/control/plane/control.h"
#include "proxy/control/plane/status.h"
#include "proxy/control_offline.h"
#include "proxy/explain/explain.h"
#include "proxy/inject.h"
#include "proxy/net/socket.h"
#include "proxy/redirect/redirect.h"
#include "proxy/server/server.h"
#include "proxy/snapshot/config_loader.h"
#include "proxy/webhook/serve.h"

namespace woad {
namespace {

constexpr int kGood = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kRefused = 3;

void print(std::FILE* to, const std::string& text) { std::fwrite(text.data(), 1, text.size(), to); }

std::string count(size_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

// From this size on memory goes back to the system when it is freed: files and their texts, but no
// block of the data path, of which the largest has half of it. glibc's own threshold grows to the
// largest that was freed, and each text would then leave a hole in the heap.
constexpr int kGoesBackFrom = 512 << 10;
// Before there are threads.
void give_large_memory_back() { mallopt(M_MMAP_THRESHOLD, kGoesBackFrom); }

int execute(const RunCommand& command) {
  give_large_memory_back();
  auto member = member_settings(command.member, config::Environment::of_process());
  if (!member) {
    print(stderr, "woad: " + member.error().message + "\n");
    return kUsage;
  }
  return Server(ServerOptions{command.config, filter_registry(), std::move(*member)}).run();
}

int execute(const ValidateCommand& command) {
  config::Diagnostics diagnostics(command.config);
  const LoadedConfig loaded = load_config(command.config, {filter_registry()}, &diagnostics);
  const bool good = loaded.snapshot != nullptr;
  if (command.json) {
    print(stdout, diagnostics.json());
  } else if (good) {
    print(stderr, loaded.warnings);
    const Snapshot& snapshot = *loaded.snapshot;
    print(stdout, command.config + ": good: " + count(snapshot.listeners.size(), "listener") +
                      ", " + count(snapshot.services.size(), "service") + ", " +
                      count(snapshot.routes.routes().size(), "route") + "\n");
  } else {
    print(stderr, loaded.errors);
  }
  return good ? kGood : kFailed;
}

int execute(const ExplainCommand& command) {
  const LoadedConfig loaded = load_config(command.config, {filter_registry()});
  if (loaded.snapshot == nullptr) {
    print(stderr, loaded.errors);
    return kFailed;
  }
  const auto explanation = explain(
      *loaded.snapshot,
      {.method = command.method, .url = command.url, .headers = command.headers, .offline = true});
  if (!explanation) {
    print(stderr, "woad: " + explanation.error().message + "\n");
    return kUsage;
  }
  print(stdout, command.json ? to_json(*explanation) : to_text(*explanation));
  return explanation->refused() ? kRefused : kGood;
}

int execute(const WaitCommand& command) {
  const auto ready = wait_until_ready(command.admin, command.timeout);
  if (ready) return kGood;
  print(stderr, "woad: not ready in time: " + ready.error().message + "\n");
  return kFailed;
}

int execute(const DrainCommand& command) {
  const auto reply = ask_admin(command.admin, "POST", "/drain", seconds(5));
  if (reply.status == 202) return kGood;
  print(stderr, "woad: not drained: " + (reply.status == 0 ? reply.why + "\n" : reply.body));
  return kFailed;
}

// What a command has to say, or why it failed.
int report(const Result<std::string>& done) {
  if (!done) {
    print(stderr, "woad: " + done.error().message + "\n");
    return kFailed;
  }
  print(stdout, *done);
  return kGood;
}

int execute(const CertsCommand& command) {
  return report(run_certs(command, std::chrono::system_clock::now()));
}

int execute(const RedirectCommand& command) { return report(redirect::run(command.options)); }

int execute(const InjectCommand& command) {
  const InjectedFile file = run_inject(command);
  print(stderr, file.warnings + file.errors);
  if (!file.errors.empty()) return kFailed;
  print(stdout, file.text);
  return kGood;
}

WebhookOptions webhook_of(const ServeInjectionCommand& command) {
  return {command.address, command.certificate, command.config,
          [command] { return load_inject_settings(command.config, command.native); }};
}

int execute(const ServeInjectionCommand& command) { return serve_webhook(webhook_of(command)); }

int execute(const ServeControlCommand& command) {
  give_large_memory_back();
  std::optional<WebhookOptions> webhook;
  if (command.inject) webhook = webhook_of(*command.inject);
  const auto ended = control::serve_control({.listen = command.listen,
                                             .admin = command.admin,
                                             .store = command.store,
                                             .kubeconfig = command.kubeconfig,
                                             .tls_folder = command.tls_folder,
                                             .drain_timeout = command.drain_timeout,
                                             .webhook = std::move(webhook),
                                             .filters = filter_registry()});
  if (ended) return *ended;
  print(stderr, "woad: " + ended.error().message + "\n");
  return kFailed;
}

int execute(const ControlStatusCommand& command) {
  return report(control::ask_status({command.url, command.tls_folder, command.json}));
}

int show(const Printed& printed) {
  print(stdout, printed.out);
  print(stderr, printed.warnings + printed.errors);
  return printed.errors.empty() ? kGood : kFailed;
}

int execute(const ControlCheckCommand& command) {
  return show(run_control_check(command, filter_registry()));
}

int execute(const ControlRenderCommand& command) {
  return show(run_control_render(command, filter_registry()));
}

int execute(const PrintCommand& command) {
  print(command.exit_code == kGood ? stdout : stderr, command.text);
  return command.exit_code;
}

// Half of a text is worse than none: whoever pipes it into a file must hear of it.
int end_with(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  print(stderr, "woad: cannot write to the standard output: " + error_words(errno) + "\n");
  return code == kGood ? kFailed : code;
}

}  // namespace
}  // namespace woad

int main(int argc, char** argv) {
  // Writes to closed connections and pipes are errors of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  const woad::Command command =
      woad::parse_command_line(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  return woad::end_with(
      std::visit([](const auto& chosen) { return woad::execute(chosen); }, command));
}
