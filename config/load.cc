#include "config/load.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <system_error>

#include "config/changes.h"
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

std::shared_ptr<Config> read_text(std::string_view yaml, const Environment& environment,
                                  Diagnostics& diagnostics) {
  auto config = decode(yaml, environment, diagnostics);
  if (config == nullptr) return nullptr;
  if (!diagnostics.full()) check_references(*config, diagnostics);
  if (diagnostics.ok()) note_services(yaml, *config);
  return config;
}

}  // namespace

std::string content_hash(const std::string& text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  char hex[33];
  std::snprintf(hex, sizeof hex, "%016" PRIx64 "%016" PRIx64, hash.high64, hash.low64);
  return hex;
}

LoadResult load_text(std::string text, const std::string& file_name, const Environment& environment,
                     const Config* previous) {
  const auto source = std::make_shared<const std::string>(std::move(text));
  LoadResult result{nullptr, Diagnostics(file_name, source)};
  if (const auto yaml = Document::yaml_of(*source, result.diagnostics)) {
    std::shared_ptr<Config> config;
    if (previous != nullptr) config = read_changes(*yaml, file_name, environment, *previous);
    if (config == nullptr) config = read_text(*yaml, environment, result.diagnostics);
    if (config == nullptr) return result;
    config->text = source;
    config->hash = content_hash(*source);
    result.config = std::move(config);
  }
  return result;
}

LoadResult load_file(const std::string& path, const Environment& environment,
                     const Config* previous) {
  auto file = read_file(path);
  if (file) {
    LoadResult result = load_text(std::move(file->text), path, environment, previous);
    result.whole = file->whole;
    return result;
  }
  LoadResult result{nullptr, Diagnostics(path)};
  result.diagnostics.error(Location(), "", "cannot read the file: " + file.error().message);
  return result;
}

}  // namespace woad::config
