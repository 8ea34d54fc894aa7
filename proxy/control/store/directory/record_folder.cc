#include "proxy/control/store/directory/record_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "proxy/base/strings.h"
#include "proxy/base/whole_file.h"
#include "proxy/net/replace_file.h"
#include "proxy/net/socket.h"

namespace woad::control {
namespace {

namespace fs = std::filesystem;

// What replace_file() leaves behind when it dies ends otherwise.
constexpr std::string_view kSuffix = ".record";
// Bytes of a name, its suffix and replace_file()'s aside; file systems take 255.
constexpr size_t kLongName = 200;
constexpr std::string_view kGoesOn = "%/";
constexpr size_t kMostText = size_t{256} << 20;

bool is_plain(char c) { return is_alnum(c) || c == '_' || c == '-'; }

// One name of a key, or '/'. A leading dot is escaped: ".." is no name of ours.
void append_escaped(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const bool inner_dot = c == '.' && out.back() != '/';
  if (is_plain(c) || c == '/' || inner_dot) {
    out += c;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

Error failed(const std::string& path, int error) { return Error{path + ": " + error_words(error)}; }

Result<std::string> text_of(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return failed(path, errno);
  std::optional<FileText> read = read_whole(file.get(), kMostText);
  if (!read) return failed(path, errno);
  return std::move(read->text);
}

}  // namespace

std::string RecordFolder::file_of(std::string_view key) const {
  std::string file = path_ + "/";
  size_t begin = file.size();  // of the present name
  for (const char c : key) {
    if (c != '/' && file.size() - begin >= kLongName) {
      file += kGoesOn;
      begin = file.size();
    }
    append_escaped(file, c);
    if (c == '/') begin = file.size();
  }
  return file.append(kSuffix);
}

Result<std::map<std::string, std::string>> RecordFolder::read() const {
  std::map<std::string, std::string> records;
  std::error_code error;
  fs::recursive_directory_iterator each(path_, error);
  if (error == std::errc::no_such_file_or_directory) return records;
  for (; !error && each != fs::recursive_directory_iterator(); each.increment(error)) {
    const std::string file = each->path().string();
    if (!file.ends_with(kSuffix) || each->is_directory()) continue;
    Result<std::string> text = text_of(file);
    if (!text) return text.error();
    const size_t before = path_.size() + 1;
    std::string name = file.substr(before, file.size() - before - kSuffix.size());
    for (size_t at = 0; (at = name.find(kGoesOn, at)) != std::string::npos;) {
      name.erase(at, kGoesOn.size());
    }
    records.emplace(percent_decoded(name, false), std::move(*text));
  }
  if (error) return failed(path_, error.value());
  return records;
}

Result<void> RecordFolder::make_folders(const std::string& file) const {
  const bool is_new = ::mkdir(path_.c_str(), 0700) == 0;
  for (size_t at = path_.size() + 1; (at = file.find('/', at)) != std::string::npos; ++at) {
    const std::string folder = file.substr(0, at);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed(folder, errno);
  }
  if (!is_new) return {};
  // In a checkout it is neither committed nor cleaned away.
  return replace_file(path_ + "/.gitignore", "*\n", 0600);
}

Result<void> RecordFolder::put(std::string_view key, std::string_view text) const {
  const std::string file = file_of(key);
  if (Result<void> made = make_folders(file); !made) return made;
  return replace_file(file, text, 0600);
}

Result<void> RecordFolder::remove(std::string_view key) const {
  const std::string file = file_of(key);
  if (::unlink(file.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
  return failed(file, errno);
}

}  // namespace woad::control
