// stderr in the hands of a test.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace woad::test {

// What `write` puts on stderr.
template <class F>
std::string captured(F&& write) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int saved = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  write();
  std::fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  const off_t size = lseek(fileno(file), 0, SEEK_END);
  REQUIRE(size >= 0);
  std::string text(static_cast<size_t>(size), '\0');
  const ssize_t got = pread(fileno(file), text.data(), text.size(), 0);
  std::fclose(file);
  CHECK(got == static_cast<ssize_t>(text.size()));
  return text;
}

}  // namespace woad::test
