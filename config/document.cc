#include "config/document.h"

#include <unistd.h>

#include <cstdlib>

#include "config/prescan.h"
#include "config/tree_builder.h"

namespace woad::config {

Environment Environment::none() {
  return {[](const std::string&) { return std::nullopt; }, "localhost"};
}

Environment Environment::of_process() {
  char name[256] = {};
  const bool known = gethostname(name, sizeof name - 1) == 0 && name[0] != 0;
  return {[](const std::string& key) -> std::optional<std::string> {
            const char* value = std::getenv(key.c_str());  // NOLINT(concurrency-mt-unsafe)
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          known ? name : "localhost"};
}

Environment Environment::of_service(const std::string& service) {
  return {[service](const std::string& key) {
            return key == "WOAD_SERVICE" ? std::optional(service) : std::nullopt;
          },
          "localhost", Variables::kElsewhere};
}

Environment Environment::verbatim() {
  Environment environment = none();
  environment.variables = Variables::kVerbatim;
  return environment;
}

std::optional<std::string_view> Document::yaml_of(std::string_view text, Diagnostics& diagnostics) {
  if (text.size() > kMaxBytes) {
    diagnostics.error(Location{1, 1}, "", "the file is larger than 64 MiB");
    return std::nullopt;
  }
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (!prescan(text, diagnostics)) return std::nullopt;
  return text;
}

std::shared_ptr<Document> Document::parse(std::string_view yaml, const Environment& environment,
                                          Diagnostics& diagnostics) {
  auto document = std::shared_ptr<Document>(new Document());
  TreeBuilder builder(*document, yaml, environment, diagnostics);
  return builder.run() ? document : nullptr;
}

uint32_t Document::end_of(uint32_t cell) const {
  for (uint32_t at = cell; at != kNone; at = cells_[at].parent) {
    if (cells_[at].next != kNone) return cells_[at].next;
  }
  return static_cast<uint32_t>(cells_.size());
}

uint32_t Document::texts_from(uint32_t cell) const {
  for (; cell < cells_.size(); ++cell) {
    if (cells_[cell].key.size > 0) return cells_[cell].key.offset;
    if (cells_[cell].text.size > 0) return cells_[cell].text.offset;
  }
  return static_cast<uint32_t>(texts_.size());
}

Document::Weight Document::weight_of(const Node& node) const {
  const uint32_t end = end_of(node.index_);
  return {end - node.index_, texts_from(end) - texts_from(node.index_)};
}

std::shared_ptr<const Document> Document::cutting(const Node& node) {
  const Document& from = *node.document_;
  const uint32_t begin = node.index_;
  const uint32_t end = from.end_of(begin);
  const uint32_t texts = from.texts_from(begin);
  auto cut = std::shared_ptr<Document>(new Document());
  cut->path_ = node.path();
  cut->has_broken_ = from.has_broken_;
  cut->cells_.assign(from.cells_.begin() + begin, from.cells_.begin() + end);
  cut->texts_ = from.texts_.substr(texts, from.texts_from(end) - texts);
  for (Cell& cell : cut->cells_) {
    for (uint32_t* link : {&cell.parent, &cell.next, &cell.first}) {
      if (*link != kNone) *link -= begin;
    }
    for (Text* text : {&cell.key, &cell.text}) {
      text->offset = text->size == 0 ? 0 : text->offset - texts;
    }
  }
  cut->cells_.front().parent = kNone;
  cut->cells_.front().next = kNone;
  return cut;
}

std::shared_ptr<const Document> Document::of(const Node& node) {
  return node.document_->shared_from_this();
}

void Document::clear() {
  cells_ = {};
  texts_ = {};
}

}  // namespace woad::config
