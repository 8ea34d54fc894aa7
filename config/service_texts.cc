#include "config/service_texts.h"

#include <xxhash.h>

namespace woad::config {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// What a key that needs no look into the text can begin with.
bool begins_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '"' || c == '\'';
}

bool is_services_key(std::string_view line) {
  constexpr std::string_view kKey = "services:";
  if (!line.starts_with(kKey)) return false;
  const size_t behind = line.find_first_not_of(kBlanks, kKey.size());
  return behind == std::string_view::npos || (line[behind] == '#' && behind > kKey.size());
}

// Goes through the lines and notes where the parts begin.
class Splitter {
 public:
  explicit Splitter(std::string_view yaml) : yaml_(yaml) {}

  std::optional<SplitText> run() {
    size_t begin = 0;
    for (uint32_t line = 1; begin < yaml_.size(); ++line) {
      const size_t end = std::min(yaml_.find('\n', begin), yaml_.size() - 1) + 1;
      const Step step = take(yaml_.substr(begin, end - begin), begin, line);
      if (step == Step::kUnsure) return std::nullopt;
      if (step == Step::kOver) break;
      begin = end;
    }
    if (split_.services.empty()) return std::nullopt;
    end_service(begin);
    split_.tail = yaml_.substr(begin);
    return std::move(split_);
  }

 private:
  enum class Step : uint8_t { kOn, kOver, kUnsure };

  Step take(std::string_view line, size_t begin, uint32_t number) {
    if (split_.services_line == 0) {
      if (is_services_key(line)) split_.services_line = number;
      return Step::kOn;
    }
    const size_t indent = line.find_first_not_of(' ');
    const size_t text = line.find_first_not_of(kBlanks, indent);
    if (text == std::string_view::npos || line[text] == '#') return Step::kOn;
    if (indent > 0 && split_.services.empty()) {
      split_.column = static_cast<uint32_t>(indent) + 1;
      split_.head = yaml_.substr(0, begin);
    }
    if (indent >= split_.column && !split_.services.empty()) return Step::kOn;
    if (!begins_key(line[indent])) return Step::kUnsure;
    if (indent + 1 == split_.column) {
      end_service(begin);
      begin_ = begin;
      split_.services.emplace_back().line = number;
      return Step::kOn;
    }
    split_.tail_line = number;
    return indent == 0 ? Step::kOver : Step::kUnsure;
  }

  void end_service(size_t end) {
    if (split_.services.empty()) return;
    ServiceText& last = split_.services.back();
    last.text = yaml_.substr(begin_, end - begin_);
    last.hash = XXH3_64bits(last.text.data(), last.text.size());
  }

  std::string_view yaml_;
  size_t begin_ = 0;  // of the last service
  SplitText split_;
};

}  // namespace

std::optional<SplitText> split_services(std::string_view yaml) { return Splitter(yaml).run(); }

bool confirms(const Document& document, const SplitText& split) {
  const Node root = document.root();
  const Node services = root.find("services");
  if (!services.is_map() || services.size() != split.services.size()) return false;
  // A map in braces begins before its first key.
  const auto is_block = [](const Node& map) {
    return map.location() == (*map.items().begin()).key_location();
  };
  if (!is_block(root) || !is_block(services)) return false;
  if (services.key_location() != Location{split.services_line, 1}) return false;
  auto expected = split.services.begin();
  for (const Node service : services.items()) {
    if (service.key_location() != Location{(expected++)->line, split.column}) return false;
  }
  Node behind;
  for (const Node key : root.items()) {
    if (services.key_location().line < key.key_location().line) {
      behind = key;
      break;
    }
  }
  return split.tail.empty() ? !behind : behind.key_location() == Location{split.tail_line, 1};
}

}  // namespace woad::config
