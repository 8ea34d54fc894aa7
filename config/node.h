// A light view of one value of a parsed file: two words, copied freely.
//
// Valid as long as its Document, which the Config holds; nowhere once that was cleared. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/diagnostics.h"

namespace woad::config {

class Document;

class Node {
 public:
  // Nowhere: false, no kind, no text.
  Node() = default;

  explicit operator bool() const;
  bool is_null() const;    // `key:` with nothing behind it, `~`, `null`
  bool is_scalar() const;  // text, numbers, words
  bool is_map() const;
  bool is_seq() const;
  // Of no use, and no error is to be added: one has been already (such as a variable that is not
  // set), or its text is not known yet (Environment::Variables::kElsewhere).
  bool is_broken() const;
  // It is, or something below it is: what its parts would have to say together cannot be judged.
  bool holds_broken() const;
  // A scalar that was written without quotes.
  bool is_plain() const;
  // "a map", "a list", "a text", "nothing": for messages.
  std::string_view kind_name() const;

  // The scalar with ${VAR} replaced; "" when this is no scalar.
  std::string_view text() const;
  // The key under which this stands in its map; "" in a list.
  std::string_view key() const;

  Location location() const;
  Location key_location() const;  // location() when there is no key
  // "services.price.endpoints[0].address"; "" for the root.
  std::string path() const;

  // Items of a list, values of a map (each knows its key()), in the order of the file.
  class Items;
  Items items() const;
  size_t size() const;
  // The value of `key`, or nowhere. Linear: for maps of known keys.
  Node find(std::string_view key) const;

  // The same value of the same document.
  bool operator==(const Node&) const = default;

 private:
  friend class Document;
  friend class TreeBuilder;
  Node(const Document* document, uint32_t index) : document_(document), index_(index) {}

  const Document* document_ = nullptr;
  uint32_t index_ = 0;
};

class Node::Items {
 public:
  class Iterator {
   public:
    explicit Iterator(Node at) : at_(at) {}
    Node operator*() const { return at_; }
    Iterator& operator++();
    bool operator==(const Iterator&) const = default;

   private:
    Node at_;
  };

  explicit Items(Node first) : first_(first) {}
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(Node()); }

 private:
  Node first_;
};

}  // namespace woad::config
