#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_set>

#include "proxy/yaml/read.h"

namespace woad::yaml {
namespace {

// Reads from memory that somebody else owns.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // a get area is never written
    setg(begin, begin, begin + text.size());
  }
};

// What ends the reading: an error at a byte of the text.
struct Stop {
  size_t at;
  std::string message;
};

class YamlReader {
 public:
  explicit YamlReader(std::string_view text) : text_(text) {}

  // `from`: everything that stands here stands behind it.
  Node read(const YAML::Node& source, size_t from, int depth) {
    const size_t begin = place(source);
    if (++count_ > kMaxNodes) throw Stop{from, "more than 4,000,000 values"};
    if (count_ > text_.size() + kMaxCopies) {
      throw Stop{from, "aliases stand for more than 100,000 values"};
    }
    if (depth > kMaxDepth) throw Stop{from, std::string(kTooDeep)};
    Node node;
    node.shared = begin < from;
    node.begin = behind_properties(begin);
    node.style =
        source.Style() == YAML::EmitterStyle::Flow ? Node::Style::kFlow : Node::Style::kBlock;
    switch (source.Type()) {
      case YAML::NodeType::Sequence: read_list(source, node, depth); break;
      case YAML::NodeType::Map: read_map(source, node, depth); break;
      case YAML::NodeType::Scalar:
        node.text = source.Scalar();
        node.plain = source.Tag() == "?" || source.Tag().empty();
        break;
      default: node.plain = true;
    }
    return node;
  }

 private:
  size_t place(const YAML::Node& source) const {
    return std::min(static_cast<size_t>(std::max(source.Mark().pos, 0)), text_.size());
  }

  // Tags and anchors stand in front of a value, on its line or above it.
  size_t behind_properties(size_t at) const {
    while (at < text_.size() && (text_[at] == '!' || text_[at] == '&')) {
      at = std::min(text_.find_first_of(" \t\r\n", at), text_.size());
      at = std::min(text_.find_first_not_of(" \t\r\n", at), text_.size());
      while (at < text_.size() && text_[at] == '#') {
        at = std::min(text_.find('\n', at), text_.size());
        at = std::min(text_.find_first_not_of(" \t\r\n", at), text_.size());
      }
    }
    return at;
  }

  void read_list(const YAML::Node& source, Node& node, int depth) {
    node.kind = Node::Kind::kList;
    size_t from = node.begin;
    for (const YAML::Node& item : source) {
      Entry entry;
      entry.begin = place(item);
      entry.value = read(item, from, depth + 1);
      from = std::max(from, entry.begin);
      node.entries.push_back(std::move(entry));
    }
  }

  void read_map(const YAML::Node& source, Node& node, int depth) {
    node.kind = Node::Kind::kMap;
    std::unordered_set<std::string> keys;
    for (const auto& item : source) {
      Entry entry;
      entry.begin = place(item.first);
      if (!item.first.IsScalar() && !item.first.IsNull()) {
        throw Stop{entry.begin, "a key must be a plain text"};
      }
      entry.key = item.first.IsNull() ? "null" : item.first.Scalar();
      if (entry.key == "<<" && item.first.Tag() == "?") entry.origin = Entry::Origin::kMerge;
      if (!keys.insert(entry.key).second) {
        throw Stop{entry.begin, twice(entry.key)};
      }
      entry.value = read(item.second, entry.begin, depth + 1);
      node.entries.push_back(std::move(entry));
    }
    merge(node, keys);
  }

  // What a map says itself counts before what comes by `<<`, and there the first one.
  void merge(Node& node, std::unordered_set<std::string>& keys) {
    const auto merged =
        std::find_if(node.entries.begin(), node.entries.end(),
                     [](const Entry& entry) { return entry.origin == Entry::Origin::kMerge; });
    if (merged == node.entries.end()) return;
    const Node from = merged->value;
    if (from.is_list()) {
      for (const Entry& item : from.entries) add_merged(node, keys, item.value);
    } else {
      add_merged(node, keys, from);
    }
  }

  void add_merged(Node& node, std::unordered_set<std::string>& keys, const Node& from) {
    if (!from.is_map()) throw Stop{node.begin, "<< must name a map, or a list of maps"};
    for (Entry entry : from.entries) {
      if (entry.origin == Entry::Origin::kMerge || !keys.insert(entry.key).second) continue;
      entry.origin = Entry::Origin::kMerged;
      node.entries.push_back(std::move(entry));
    }
  }

  std::string_view text_;
  size_t count_ = 0;
};

std::string hint_for(std::string_view text, size_t at) {
  const size_t line = text.rfind('\n', at == 0 ? 0 : at - 1);
  const size_t begin = line == std::string_view::npos ? 0 : line + 1;
  const std::string_view rest = text.substr(begin);
  const std::string_view indent = rest.substr(0, rest.find_first_not_of(" \t"));
  if (indent.find('\t') != std::string_view::npos) return "indent with spaces, not with tabs";
  if (text.substr(at).starts_with("{{") || text.substr(begin).starts_with("{{")) {
    return "this is a template: render it first (helm template)";
  }
  return {};
}

}  // namespace

std::optional<std::vector<Node>> read_yaml(std::string_view text,
                                           config::Diagnostics& diagnostics) {
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YamlReader reader(text);
    std::vector<Node> documents;
    size_t from = 0;
    for (const YAML::Node& document : YAML::LoadAll(stream)) {
      documents.push_back(reader.read(document, from, 0));
      from = documents.back().begin;
    }
    return documents;
  } catch (const Stop& stop) {
    diagnostics.error(location_of(text, stop.at), "", stop.message, hint_for(text, stop.at));
  } catch (const YAML::Exception& exception) {
    const bool placed = !exception.mark.is_null();
    const size_t at =
        placed ? std::min(static_cast<size_t>(std::max(exception.mark.pos, 0)), text.size()) : 0;
    diagnostics.error(location_of(text, at), "", "not valid YAML: " + exception.msg,
                      hint_for(text, at));
  } catch (const std::exception& exception) {
    diagnostics.error(config::Location{1, 1}, "",
                      std::string("not valid YAML: ") + exception.what());
  }
  return std::nullopt;
}

}  // namespace woad::yaml
