// The sidecar's own file, which a control plane rewrites and nothing else depends on.
//
//   woad.yaml        what the sidecar serves by: the last one that was good
//   woad.yaml.draft  what has come, while it is checked
//   woad.yaml.bad    what was there at the start and does not load
// At any moment woad.yaml is a whole file, old or new. Blocks: not for a loop.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "proxy/base/result.h"

namespace woad {

class LocalFile {
 public:
  // What a file that loads says of its sidecar.
  struct Node {
    std::string service;
    std::string instance;
  };
  // Loads what is at a path, as `woad validate` does. The error is what that prints.
  using Check = std::function<Result<Node>(const std::string& path)>;

  LocalFile(std::string path, Check check) : path_(std::move(path)), check_(std::move(check)) {}

  const std::string& path() const { return path_; }

  struct Found {
    std::optional<std::string> text;  // of a file that loads
    Node node{};                      // with text
    std::string errors{};             // of one that does not, and was moved away
  };
  // At the start. The error: it is there and cannot be read, or moved.
  Result<Found> find() const;

  struct Installed {
    std::optional<std::string> before;  // the bytes that were replaced, if there were any
  };
  // It does not hold, and never will.
  struct Bad {
    std::string errors;
  };
  // It cannot be kept here, for now: the disk is full, or the folder read-only.
  struct NoPlace {
    std::string why;
  };
  using Outcome = std::variant<Installed, Bad, NoPlace>;
  // Replaces the file by one that has been checked; otherwise nothing has changed.
  Outcome install(const std::string& text) const;
  // Undoes it.
  Result<void> put_back(const Installed& installed) const;

 private:
  Result<void> write_draft(const std::string& text) const;
  std::string draft() const { return path_ + ".draft"; }

  const std::string path_;
  const Check check_;
};

}  // namespace woad
