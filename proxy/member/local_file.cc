#include "proxy/member/local_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "config/document.h"
#include "proxy/base/whole_file.h"
#include "proxy/net/replace_file.h"
#include "proxy/net/socket.h"

namespace woad {
namespace {

constexpr mode_t kMode = 0644;

// Nothing: there is no such file.
Result<std::optional<std::string>> read(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) {
    if (errno == ENOENT) return std::optional<std::string>();
    return Error{path + ": " + error_words(errno)};
  }
  auto whole = read_whole(file.get(), config::Document::kMaxBytes);
  if (!whole) return Error{path + ": " + error_words(errno)};
  return std::optional(std::move(whole->text));
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : kMode;
}

// Errors of the draft are told as those of the file that it would be.
std::string renamed(std::string text, const std::string& draft, const std::string& path) {
  for (size_t at = text.find(draft); at != std::string::npos;
       at = text.find(draft, at + path.size())) {
    text.replace(at, draft.size(), path);
  }
  return text;
}

}  // namespace

Result<LocalFile::Found> LocalFile::find() const {
  auto text = read(path_);
  if (!text) return text.error();
  if (!*text) return Found{};
  auto node = check_(path_);
  if (node) return Found{std::move(*text), std::move(*node)};
  if (auto moved = rename_durably(path_, path_ + ".bad"); !moved) return moved.error();
  return Found{std::nullopt, {}, node.error().message};
}

// Half of one would keep a full disk full.
Result<void> LocalFile::write_draft(const std::string& text) const {
  auto written = write_durably(draft(), text, mode_of(path_));
  if (!written) ::unlink(draft().c_str());
  return written;
}

LocalFile::Outcome LocalFile::install(const std::string& text) const {
  auto before = read(path_);
  if (!before) return NoPlace{before.error().message};
  if (const auto written = write_draft(text); !written) return NoPlace{written.error().message};
  if (const auto checked = check_(draft()); !checked) {
    ::unlink(draft().c_str());
    return Bad{renamed(checked.error().message, draft(), path_)};
  }
  if (const auto moved = rename_durably(draft(), path_); !moved) {
    return NoPlace{moved.error().message};
  }
  return Installed{std::move(*before)};
}

Result<void> LocalFile::put_back(const Installed& installed) const {
  if (!installed.before) return remove_durably(path_);
  if (auto written = write_draft(*installed.before); !written) return written;
  return rename_durably(draft(), path_);
}

}  // namespace woad
