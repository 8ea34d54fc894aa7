#include "proxy/inject.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "config/diagnostics.h"
#include "proxy/base/whole_file.h"
#include "proxy/net/socket.h"
#include "proxy/yaml/read.h"

namespace woad {
namespace {

// "-": standard input.
Result<std::string> read_text(const std::string& path) {
  const Fd file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return Error{"cannot read the file: " + error_words(errno)};
  auto read = read_whole(file.get(), yaml::kMaxText + 1);
  if (!read) return Error{"cannot read the file: " + error_words(errno)};
  return std::move(read->text);
}

std::string name_of(const std::string& path) { return path == "-" ? "<stdin>" : path; }

}  // namespace

Result<InjectSettings> load_inject_settings(const std::string& path, std::optional<bool> native) {
  std::string text;
  if (!path.empty()) {
    Result<std::string> read = read_text(path);
    if (!read) return Error{name_of(path) + ": error: " + read.error().message + "\n"};
    text = std::move(*read);
  }
  config::Diagnostics diagnostics(name_of(path), std::make_shared<const std::string>(text));
  auto settings = parse_inject_settings(text, WOAD_VERSION, diagnostics);
  if (!settings) return Error{diagnostics.text()};
  settings->native = native.value_or(settings->native);
  return std::move(*settings);
}

InjectedFile run_inject(const InjectCommand& command) {
  const Result<InjectSettings> settings = load_inject_settings(command.config, command.native);
  if (!settings) return {{}, settings.error().message, {}};
  const std::string name = name_of(command.file);
  const Result<std::string> text = read_text(command.file);
  if (!text) return {{}, name + ": error: " + text.error().message + "\n", {}};
  return inject_file(name, *text, *settings, command.remove ? Injection::kRemove : Injection::kPut);
}

}  // namespace woad
