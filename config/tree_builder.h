// Builds a Document from the events of yaml-cpp and refuses what the file may not hold. Lives for
// one parse; included by document.cc and its own source alone.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"

namespace woad::config {

class TreeBuilder final : private YAML::EventHandler {
 public:
  // `yaml`: the text without byte order mark. All outlive the builder.
  TreeBuilder(Document& document, std::string_view yaml, const Environment& environment,
              Diagnostics& diagnostics);

  // False: an error was added and the document is of no use.
  bool run();

 private:
  using Cell = Document::Cell;
  using Kind = Document::Kind;
  // Unwinds yaml-cpp once an error that ends the reading has been added.
  struct Stop {};
  // A collection that is open.
  struct Level {
    uint32_t cell = 0;
    uint32_t last_child = Document::kNone;
    bool has_key = false;
    Document::Text key;
    Location key_location;
  };

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;

  // A new cell below the open collection.
  uint32_t add(const YAML::Mark& mark, Kind kind);
  void open(const YAML::Mark& mark, const std::string& tag, Kind kind);
  void close() { levels_.pop_back(); }
  // A scalar in a key's place.
  bool wants_key() const;
  void take_key(const YAML::Mark& mark, const std::string& key);
  void drop_repeated_keys(const Level& level);
  void unlink(uint32_t parent, uint32_t before, uint32_t child);
  void check_tag(const YAML::Mark& mark, const std::string& tag);
  void set_text(uint32_t cell, std::string_view raw);
  void set_broken(uint32_t cell);
  // Appends `raw` with ${VAR} replaced; unset variables are errors at `at`, or unknown_.
  void expand(std::string_view raw, const Node& at);
  size_t expand_one(std::string_view raw, const Node& at);
  Document::Text store(std::string_view text);
  void check_text_size(size_t more);
  void syntax_error(const YAML::Mark& mark, const std::string& message);
  [[noreturn]] void stop(const YAML::Mark& mark, std::string message, std::string hint = {});
  char byte_at(const YAML::Mark& mark) const;

  Document& document_;
  std::string_view yaml_;
  const Environment& environment_;
  Diagnostics& diagnostics_;
  std::vector<Level> levels_;
  int documents_ = 0;
  bool unknown_ = false;  // the text that is expanded has a variable that is not known here
};

}  // namespace woad::config
