#include "config/load.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

#include "config/checks.h"
#include "config/tables.h"
#include "proxy/base/whole_file.h"

namespace woad::config {

namespace {

std::string words_of(int error) { return std::generic_category().message(error); }

// Up to one byte more than a file may have, so that a larger one is noticed.
Result<FileText> read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Error{words_of(errno)};
  std::optional<FileText> file = read_whole(fd, Document::kMaxBytes + 1);
  const int error = errno;
  ::close(fd);
  if (!file) return Error{error == EISDIR ? "is a directory" : words_of(error)};
  return std::move(*file);
}

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
  auto file = read_file(path);
  if (file) {
    LoadResult result = load_text(std::move(file->text), path, environment);
    result.whole = file->whole;
    return result;
  }
  LoadResult result{nullptr, Diagnostics(path)};
  result.diagnostics.error(Location(), "", "cannot read the file: " + file.error().message);
  return result;
}

}  // namespace woad::config
