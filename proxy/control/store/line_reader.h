// Lines of a stream that comes in pieces of any size (newline-delimited JSON). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace woad::control {

class LineReader {
 public:
  // Longer lines are an error.
  explicit LineReader(size_t most) : most_(most) {}

  // Calls `visit(line)` for each whole line that is not empty, until it returns false: then the
  // rest is dropped. False: a line is too long. The reader may not die meanwhile.
  template <class F>
  bool read(std::string_view piece, F&& visit) {
    for (size_t end; (end = piece.find('\n')) != piece.npos; piece.remove_prefix(end + 1)) {
      line_ += piece.substr(0, end);
      if (line_.size() > most_) return false;
      const bool go_on = line_.empty() || visit(std::string_view(line_));
      line_.clear();
      if (!go_on) return true;
    }
    line_ += piece;
    return line_.size() <= most_;
  }
  void clear() { line_.clear(); }

 private:
  const size_t most_;
  std::string line_;
};

}  // namespace woad::control
