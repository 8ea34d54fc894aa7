#include "config/node.h"

#include <vector>

#include "config/document.h"

namespace woad::config {

namespace {
constexpr size_t kMaxShownKey = 128;
}  // namespace

Node::operator bool() const { return document_ != nullptr && !document_->cells_.empty(); }

bool Node::is_null() const {
  return *this && document_->cells_[index_].kind == Document::Kind::kNull;
}

bool Node::is_scalar() const {
  return *this && document_->cells_[index_].kind == Document::Kind::kScalar;
}

bool Node::is_map() const {
  return *this && document_->cells_[index_].kind == Document::Kind::kMap;
}

bool Node::is_seq() const {
  return *this && document_->cells_[index_].kind == Document::Kind::kSeq;
}

bool Node::is_broken() const {
  return *this && document_->cells_[index_].kind == Document::Kind::kBroken;
}

bool Node::holds_broken() const {
  if (!*this || !document_->has_broken_) return false;  // NOLINT(clang-analyzer-core.*)
  if (is_broken()) return true;
  for (const Node item : items()) {
    if (item.holds_broken()) return true;
  }
  return false;
}

bool Node::is_plain() const { return *this && document_->cells_[index_].plain; }

std::string_view Node::kind_name() const {
  return is_map() ? "a map" : is_seq() ? "a list" : is_scalar() ? "a text" : "nothing";
}

std::string_view Node::text() const {
  return is_scalar() ? document_->view(document_->cells_[index_].text) : std::string_view();
}

std::string_view Node::key() const {
  return *this ? document_->view(document_->cells_[index_].key) : std::string_view();
}

Location Node::location() const { return *this ? document_->cells_[index_].location : Location(); }

Location Node::key_location() const {
  if (!*this) return {};
  const auto& cell = document_->cells_[index_];
  return cell.key_location.line == 0 ? cell.location : cell.key_location;
}

std::string Node::path() const {
  if (!*this) return {};
  std::vector<uint32_t> way;
  for (uint32_t at = index_; at != 0; at = document_->cells_[at].parent) way.push_back(at);
  std::string path = document_->path_;
  for (auto at = way.rbegin(); at != way.rend(); ++at) {
    const auto& cell = document_->cells_[*at];
    if (document_->cells_[cell.parent].kind == Document::Kind::kSeq) {
      path += "[" + std::to_string(cell.index) + "]";
    } else {
      path += (path.empty() ? "" : ".") +
              std::string(document_->view(cell.key).substr(0, kMaxShownKey));
    }
  }
  return path;
}

Node::Items Node::items() const {
  if (!*this || document_->cells_[index_].first == Document::kNone) return Items(Node());
  return Items(Node(document_, document_->cells_[index_].first));
}

size_t Node::size() const { return *this ? document_->cells_[index_].count : 0; }

Node Node::find(std::string_view key) const {
  if (!is_map()) return {};
  for (const Node item : items()) {
    if (item.key() == key) return item;
  }
  return {};
}

Node::Items::Iterator& Node::Items::Iterator::operator++() {
  const uint32_t next = at_.document_->cells_[at_.index_].next;  // NOLINT(clang-analyzer-core.*)
  at_ = next == Document::kNone ? Node() : Node(at_.document_, next);
  return *this;
}

}  // namespace woad::config
