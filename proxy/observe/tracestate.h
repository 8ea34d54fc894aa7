// The tracestate list of W3C Trace Context, level 1, section 3.3: members of others pass as they
// came, ours is read, replaced and taken out.
//
// A list that breaks a rule is dropped as a whole; that never touches traceparent (section 3.3).
// No allocation but in the caller's arena. Views are kept, so the fields outlive the object.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/base/arena.h"

namespace woad {

class Tracestate {
 public:
  // Section 3.3.1.1; empty members do not count.
  static constexpr size_t kMaxMembers = 32;
  // Of the fields joined by commas, and of what is written: what section 3.3.1.5 asks to pass at
  // least is also the most that we carry.
  static constexpr size_t kMaxBytes = 512;
  // Section 3.3.1.3.1, and 3.3.1.3.2 for the value.
  static constexpr size_t kMaxKey = 256;
  static constexpr size_t kMaxValue = 256;
  // Of our member (config/reference.md, "Context, exactly").
  static constexpr std::string_view kOurKey = "woad";

  // One field of the head, in order. False when the list is dropped, now or by an earlier field.
  bool add(std::string_view field);

  // True once a field broke a rule: there are no members, and the fields are not to be passed on.
  bool dropped() const { return dropped_; }
  // How many members there are.
  size_t size() const { return size_; }
  std::optional<std::string_view> find(std::string_view key) const;

  // The list with `key` in front and the other members behind it, byte for byte and in their order.
  // Nothing when it would have too many members or bytes, or when key or value break the grammar.
  std::optional<std::string_view> with(std::string_view key, std::string_view value,
                                       Arena& arena) const;
  // The list without `key`; "" when nothing is left, and the field is then not to be sent.
  std::string_view without(std::string_view key, Arena& arena) const;

 private:
  struct Member {
    std::string_view text;  // key=value
    size_t key_size = 0;
    std::string_view key() const { return text.substr(0, key_size); }
  };

  bool add_member(std::string_view text);
  bool drop();
  // What is left without `key`: its bytes with commas, and its members.
  size_t size_without(std::string_view key, size_t* members) const;
  char* copy_without(std::string_view key, char* out, bool comma) const;

  std::array<Member, kMaxMembers> members_;
  uint32_t size_ = 0;
  uint32_t fields_ = 0;
  size_t bytes_ = 0;
  bool dropped_ = false;
};

}  // namespace woad
