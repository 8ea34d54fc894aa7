// What a control plane with one replica keeps across its restarts: a text a key, each in a file.
//
// "status/price/pod 7" is the file status/price/pod%207.record: what is no letter, digit, '_', '-'
// or inner '.' is escaped as in a URL (RFC 3986 section 2.1), so that no key leaves the folder. A
// name that is too long for a file system goes on in a folder: "%/" stands for nothing.
// Blocks.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "proxy/base/result.h"

namespace woad::control {

class RecordFolder {
 public:
  // Made with the first record.
  explicit RecordFolder(std::string path) : path_(std::move(path)) {}

  // All there are, by key.
  Result<std::map<std::string, std::string>> read() const;
  // Errors name the file.
  Result<void> put(std::string_view key, std::string_view text) const;
  // One that is not there is removed.
  Result<void> remove(std::string_view key) const;

 private:
  std::string file_of(std::string_view key) const;
  Result<void> make_folders(const std::string& file) const;

  const std::string path_;
};

}  // namespace woad::control
