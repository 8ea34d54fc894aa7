// What is wrong with a document, and where to mend it. A value.
#pragma once

#include <string>

#include "config/diagnostics.h"

namespace woad::control {

struct Problem {
  std::string document;  // its origin (StoreEntry::origin)
  config::Location at;   // 0: as a whole
  std::string service;   // whose file does not hold; "": it is no matter of one service
  std::string path;      // as config::Diagnostic says it; ""
  std::string message;   // without a final dot, hint included
};

}  // namespace woad::control
