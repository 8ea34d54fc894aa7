#include "proxy/control/store/directory/directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "proxy/control/store/keys.h"
#include "proxy/net/socket.h"

namespace woad::control {

namespace fs = std::filesystem;

namespace {

Result<std::vector<std::string>> names_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename());
  }
  if (error) return Error{path + ": " + error_words(error.value())};
  return names;
}

bool is_document(std::string_view name) { return name.ends_with(kYaml) && name.front() != '.'; }

}  // namespace

Result<std::map<std::string, std::string>> list_directory(const std::string& path) {
  Result<std::vector<std::string>> top = names_in(path);
  if (!top) return top.error();
  std::map<std::string, std::string> files;
  bool has_services = false;
  for (const std::string& name : *top) {
    if (name == kMesh) files.emplace(name, path + "/" + name);
    has_services = has_services || name == "services";
  }
  if (!has_services) return files;
  Result<std::vector<std::string>> services = names_in(path + "/services");
  if (!services) return services.error();
  for (const std::string& name : *services) {
    const std::string key = std::string(kServices) + name;
    if (is_document(name)) files.emplace(key, path + "/" + key);
  }
  return files;
}

std::optional<DocumentFile> read_document(const std::string& key, const std::string& file) {
  const auto unreadable = [&](std::string why) {
    return DocumentFile{.entry = {.value = {}, .origin = key, .error = std::move(why)}};
  };
  // O_NONBLOCK: a pipe by that name must not stop us.
  const Fd open(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!open.valid() && errno == ENOENT) return std::nullopt;
  if (!open.valid()) return unreadable("cannot be read: " + error_words(errno));
  struct stat info {};
  if (::fstat(open.get(), &info) == 0 && !S_ISREG(info.st_mode)) return unreadable("is no file");
  std::optional<FileText> read = read_whole(open.get(), kMaxDocument + 1);
  if (!read) return unreadable("cannot be read: " + error_words(errno));
  DocumentFile document;
  if (read->text.size() > kMaxDocument) {
    document = unreadable("is larger than " + std::to_string(kMaxDocument >> 20) + " MiB");
  } else {
    document.entry.value = std::move(read->text);
    document.entry.origin = key;
  }
  document.whole = read->whole;
  return document;
}

Result<StoreEntries> read_directory(const std::string& path) {
  const Result<std::map<std::string, std::string>> files = list_directory(path);
  if (!files) return files.error();
  StoreEntries documents;
  for (const auto& [key, file] : *files) {
    std::optional<DocumentFile> read = read_document(key, file);
    if (read) documents.emplace(key, std::move(read->entry));
  }
  return documents;
}

}  // namespace woad::control
