// Another program, run to its end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"

namespace woad::redirect {

struct ProgramEnd {
  int status = 0;  // 128 and the signal when one ended it
  std::string out;
  std::string err;

  bool good() const { return status == 0; }
};

// The first line that says something: tools add lines that repeat what they were given.
std::string first_line(std::string_view text);

// Where PATH or the usual folders of administration have `name`; "" when nowhere.
std::string find_program(const std::string& name);

// `words` are the program's path and its arguments; `input` is what it reads on stdin. Waits for
// it. An error when it cannot be started; how it ended is the caller's to judge.
Result<ProgramEnd> run_program(const std::vector<std::string>& words, const std::string& input);

}  // namespace woad::redirect
