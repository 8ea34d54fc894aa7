#include "config/load.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "config/checks.h"
#include "config/tables.h"

namespace woad::config {

namespace {

class File {
 public:
  explicit File(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Up to one byte more than a file may have, so that a larger one is noticed.
  Result<std::string> read_all() const {
    if (fd_ < 0) return system_error();
    struct stat info {};
    if (fstat(fd_, &info) != 0) return system_error();
    if (S_ISDIR(info.st_mode)) return Error{"is a directory"};
    constexpr size_t kMost = Document::kMaxBytes + 1;
    constexpr size_t kPiece = size_t{64} << 10;
    std::string text;
    while (text.size() < kMost) {
      const size_t old = text.size();
      text.resize(std::min(kMost, old + std::max(kPiece, old)));
      const ssize_t got = ::read(fd_, text.data() + old, text.size() - old);
      text.resize(old + static_cast<size_t>(std::max<ssize_t>(got, 0)));
      if (got == 0) break;
      if (got < 0 && errno != EINTR) return system_error();
    }
    return text;
  }

 private:
  static Error system_error() { return Error{std::generic_category().message(errno)}; }
  int fd_;
};

}  // namespace

std::string content_hash(const std::string& text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  std::string hex;
  for (const unsigned char byte : bytes.digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

LoadResult load_text(std::string text, const std::string& file_name,
                     const Environment& environment) {
  const auto source = std::make_shared<const std::string>(std::move(text));
  LoadResult result{nullptr, Diagnostics(file_name, source)};
  const auto document = Document::parse(source, environment, result.diagnostics);
  if (!document) return result;
  auto config = std::make_shared<Config>();
  config->document = document;
  config->hash = content_hash(*source);
  config_table().decode(document->root(), *config, result.diagnostics);
  if (config->node.instance.empty()) config->node.instance = environment.host_name;
  if (!result.diagnostics.full()) check_references(*config, result.diagnostics);
  result.config = std::move(config);
  return result;
}

LoadResult load_file(const std::string& path, const Environment& environment) {
  auto text = File(path).read_all();
  if (text) return load_text(std::move(*text), path, environment);
  LoadResult result{nullptr, Diagnostics(path)};
  result.diagnostics.error(Location(), "", "cannot read the file: " + text.error().message);
  return result;
}

}  // namespace woad::config
