#include "proxy/redirect/program.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "proxy/base/strings.h"

namespace woad::redirect {
namespace {

// A file in memory: whoever writes never waits for whoever reads.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& content = {}) : fd_(memfd_create("woad", MFD_CLOEXEC)) {
    for (size_t done = 0; fd_ >= 0 && done < content.size();) {
      const ssize_t n = write(fd_, content.data() + done, content.size() - done);
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    if (fd_ >= 0) lseek(fd_, 0, SEEK_SET);
  }
  ~MemoryFile() {
    if (fd_ >= 0) close(fd_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int fd() const { return fd_; }
  std::string content() const {
    std::string all;
    std::array<char, 4096> piece{};
    lseek(fd_, 0, SEEK_SET);
    for (ssize_t n = 0; (n = read(fd_, piece.data(), piece.size())) > 0;) {
      all.append(piece.data(), static_cast<size_t>(n));
    }
    return all;
  }

 private:
  int fd_;
};

}  // namespace

std::string first_line(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    if (!line.empty()) return std::string(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return "no reason given";
}

std::string find_program(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::string folders = (path != nullptr ? std::string(path) + ":" : "") + "/usr/sbin:/sbin";
  for (std::string_view rest = folders; !rest.empty();) {
    const size_t end = std::min(rest.find(':'), rest.size());
    std::string file = std::string(rest.substr(0, end)) + "/" + name;
    if (file.starts_with('/') && access(file.c_str(), X_OK) == 0) return file;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

Result<ProgramEnd> run_program(const std::vector<std::string>& words, const std::string& input) {
  const MemoryFile in(input);
  const MemoryFile out;
  const MemoryFile err;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in.fd(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.fd(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err.fd(), STDERR_FILENO);
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, words.front().c_str(), &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) return Error{words.front() + " cannot be run: " + std::strerror(failed)};
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ProgramEnd{code, out.content(), err.content()};
}

}  // namespace woad::redirect
