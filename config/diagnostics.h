// Errors and warnings of a configuration file: collected while it is read, listed once, sorted by
// line.
//
// Every layer that reads the file (syntax, tables, cross-references, filters, regexes) adds to the
// same object, so one run lists everything. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace woad::config {

class Node;

// A place in the file, from 1; the column counts bytes. 0: unknown.
struct Location {
  uint32_t line = 0;
  uint32_t column = 0;
  bool operator==(const Location&) const = default;
};

// kWarning: the file is good, and may not do what was meant.
enum class Severity : uint8_t { kError, kWarning };

struct Diagnostic {
  Location location;
  std::string path;     // "services.price.endpoints[0].address"; "" for the file as a whole
  std::string message;  // what is wrong, without the path
  std::string hint;     // what to try: `did you mean "address"?`; may be empty
  Severity severity = Severity::kError;
};

class Diagnostics {
 public:
  // What comes behind this many errors is dropped, and the list says so.
  static constexpr size_t kMaxErrors = 1000;

  // `source` is the file's text, for the lines that text() shows; nullptr: none are shown.
  explicit Diagnostics(std::string file, std::shared_ptr<const std::string> source = nullptr);

  // At the value of `node`; its path is added.
  void error(const Node& node, std::string message, std::string hint = {});
  // At the key of `node` (at its value when it has none).
  void error_at_key(const Node& node, std::string message, std::string hint = {});
  // About `key`, which is missing in (or wrong for) the map `parent`.
  void error_below(const Node& parent, std::string_view key, std::string message,
                   std::string hint = {});
  void error(Location location, std::string path, std::string message, std::string hint = {});

  void warning(const Node& node, std::string message, std::string hint = {});

  bool ok() const { return count() == 0; }
  // Nothing more will be shown: readers may stop looking.
  bool full() const { return dropped_ > 0; }
  // Errors.
  size_t count() const { return errors_.size() + dropped_; }
  const std::vector<Diagnostic>& warnings() const { return warnings_; }
  const std::string& file() const { return file_; }

  // By line and column; in the order of reporting where these are equal.
  std::vector<Diagnostic> sorted() const;
  // For people: `file:line:column: error: path: message; hint` (or `warning:`), the source line, a
  // caret.
  std::string text() const;
  // For tools: a JSON array of {file, line, column, path, message, hint}; a warning has also
  // `"severity": "warning"`.
  std::string json() const;

 private:
  std::string file_;
  std::shared_ptr<const std::string> source_;
  std::vector<Diagnostic> errors_;
  std::vector<Diagnostic> warnings_;
  size_t dropped_ = 0;
};

// `text` in double quotes for a message: shortened, control characters replaced.
std::string in_quotes(std::string_view text);

// The place in `known` of the word nearest to `word` (by edit distance), or known.size() when none
// is near.
size_t nearest(std::string_view word, const std::vector<std::string_view>& known);
// `did you mean "x"?` for the nearest of `known`, or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace woad::config
