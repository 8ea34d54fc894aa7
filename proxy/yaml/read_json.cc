#include <nlohmann/json.hpp>
#include <unordered_set>

#include "proxy/base/json.h"
#include "proxy/base/result.h"
#include "proxy/yaml/read.h"

namespace woad::yaml {
namespace {

// Walks a text that is known to be JSON: only places are looked for here.
class JsonReader {
 public:
  JsonReader(std::string_view text, config::Diagnostics& diagnostics)
      : text_(text), diagnostics_(diagnostics) {}

  Node value() {
    skip_space();
    Node node;
    node.begin = at_;
    node.style = Node::Style::kFlow;
    switch (text_[at_]) {
      case '{': read_map(node); break;
      case '[': read_list(node); break;
      case '"': node.text = string(); break;
      default: node.plain = true; node.text = word();
    }
    return node;
  }

 private:
  char peek() {
    skip_space();
    WOAD_ASSERT(at_ < text_.size());
    return text_[at_];
  }
  void skip_space() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    WOAD_ASSERT(at_ < text_.size());
  }
  // What separates entries; false: it was the closing bracket.
  bool next_entry(char closing) {
    const char c = peek();
    if (c == closing) {
      ++at_;
      return false;
    }
    if (c == ',') ++at_;
    skip_space();
    return true;
  }

  void read_map(Node& node) {
    node.kind = Node::Kind::kMap;
    ++at_;
    std::unordered_set<std::string> keys;
    while (next_entry('}')) {
      Entry entry;
      entry.begin = at_;
      entry.key = string();
      if (!keys.insert(entry.key).second && diagnostics_.ok()) {
        diagnostics_.error(location_of(text_, entry.begin), "", twice(entry.key));
      }
      WOAD_ASSERT(peek() == ':');
      ++at_;
      entry.value = value();
      node.entries.push_back(std::move(entry));
    }
  }

  void read_list(Node& node) {
    node.kind = Node::Kind::kList;
    ++at_;
    while (next_entry(']')) {
      Entry entry;
      entry.begin = at_;
      entry.value = value();
      node.entries.push_back(std::move(entry));
    }
  }

  std::string string() {
    const size_t begin = at_++;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    return parse_json(text_.substr(begin, at_ - begin)).get<std::string>();
  }

  std::string word() {
    const size_t begin = at_;
    at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string_view text_;
  config::Diagnostics& diagnostics_;
  size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<Node>> read_json(std::string_view text,
                                           config::Diagnostics& diagnostics) {
  const size_t before = diagnostics.count();
  std::vector<Node> documents;
  documents.push_back(JsonReader(text, diagnostics).value());
  if (diagnostics.count() > before) return std::nullopt;
  return documents;
}

}  // namespace woad::yaml
