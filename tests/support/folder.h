// A folder under the system's temporary one that goes with the test.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "proxy/base/result.h"

namespace woad::test {

struct Folder {
  Folder() {
    std::string text = (std::filesystem::temp_directory_path() / "woad-test-XXXXXX").string();
    WOAD_ASSERT(::mkdtemp(text.data()) != nullptr);
    path = text;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return (path / name).string(); }
  // Writes a file and returns its path.
  std::string put(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return *this / name;
  }

  std::filesystem::path path;
};

}  // namespace woad::test
