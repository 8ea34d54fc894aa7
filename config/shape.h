// Shapes: how a value of a C++ type is written in the file.
//
// A shape knows how to decode a value, its type's word in the reference, its JSON schema and how
// to show a default. shape_of<M>() is the usual shape of a type; the functions below make others.
// Decoding goes ON TOP of what the value holds: nested tables change only the keys that are
// present, everything else is replaced.
#pragma once

#include <concepts>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/diagnostics.h"
#include "config/node.h"
#include "config/values.h"

namespace woad::config {

// A line of the reference.
struct ReferenceRow {
  std::string path;  // "inbound[].address", "services.<name>.hosts"
  std::string type;
  std::string default_text;  // "" = none; "required"
  std::string doc;
};

template <class M>
struct Shape {
  std::string type;                     // the word of the reference: "duration"
  std::function<std::string()> schema;  // JSON text
  // False: an error was added, the value is of no use.
  std::function<bool(const Node&, M&, Diagnostics&)> decode;
  std::function<std::string(const M&)> show;                                   // may be empty
  std::function<void(const std::string&, std::vector<ReferenceRow>&)> rows{};  // may be empty
  // On top of a value that was complete before: required keys may be missing. May be empty.
  std::function<bool(const Node&, M&, Diagnostics&)> decode_over{};
};

namespace detail {
// Each adds an error when `node` is not of that kind. Null counts as an empty map or list.
bool want_scalar(const Node& node, std::string_view what, const std::string& hint,
                 Diagnostics& diagnostics);
bool want_map(const Node& node, std::string_view what, Diagnostics& diagnostics);
bool want_seq(const Node& node, std::string_view what, Diagnostics& diagnostics);
bool bad_word(const Node& node, const std::vector<std::string_view>& words, Diagnostics& d);

std::string pattern_schema(std::string_view pattern, std::string_view example);
std::string integer_schema(uint64_t least, uint64_t most);
std::string words_schema(const std::vector<std::string_view>& words);
std::string bool_schema();
std::string string_schema();
std::string list_schema(const std::string& item);
std::string map_schema(const std::string& value);
}  // namespace detail

// A scalar whose text `parse` turns into a value or an error; `hint` says how it is written.
template <class M>
Shape<M> scalar(std::string type, std::string hint, std::function<std::string()> schema,
                std::function<Result<M>(std::string_view)> parse,
                std::function<std::string(const M&)> show) {
  auto decode = [type, hint = std::move(hint), parse = std::move(parse)](const Node& node, M& out,
                                                                         Diagnostics& d) {
    if (!detail::want_scalar(node, type, hint, d)) return false;
    auto value = parse(node.text());
    if (!value) {
      d.error(node, value.error().message, hint);
      return false;
    }
    out = std::move(*value);
    return true;
  };
  return {std::move(type), std::move(schema), std::move(decode), std::move(show)};
}

template <std::unsigned_integral M>
Shape<M> integer(M least = 0, M most = std::numeric_limits<M>::max()) {
  return scalar<M>(
      "integer", "a whole number from " + std::to_string(least) + " to " + std::to_string(most),
      [least, most] { return detail::integer_schema(least, most); },
      [least, most](std::string_view text) -> Result<M> {
        auto value = parse_integer(text, least, most);
        if (!value) return value.error();
        return static_cast<M>(*value);
      },
      [](const M& value) { return std::to_string(value); });
}

Shape<bool> boolean();
Shape<std::string> text();
// Text that is not empty.
Shape<std::string> name();
// Durations from `least` on.
Shape<Duration> duration(Duration least = Duration(0));
// `off` is zero.
Shape<Duration> duration_or_off();
Shape<ByteSize> size(ByteSize least = {1}, ByteSize most = mib(1024));
Shape<Share> share();
// The name of a file; a relative one is made one below the folder of the configuration.
Shape<std::string> file();
Shape<HostPort> host_port();
Shape<AppAddress> app_address();
// An IP address with a port: what can be listened on.
Shape<HostPort> ip_port();
// A header name, made lower case.
Shape<std::string> header_name();

// One of a few words.
template <class E>
Shape<E> words(std::vector<std::pair<std::string_view, E>> list) {
  std::vector<std::string_view> names;
  std::string type;
  for (const auto& [word, value] : list) {
    names.push_back(word);
    type += (type.empty() ? "" : ", ") + std::string(word);
  }
  return {std::move(type), [names] { return detail::words_schema(names); },
          [list, names](const Node& node, E& out, Diagnostics& d) {
            if (!detail::want_scalar(node, "one of a few words", {}, d)) return false;
            for (const auto& [word, value] : list) {
              if (node.text() == word) {
                out = value;
                return true;
              }
            }
            return detail::bad_word(node, names, d);
          },
          [list](const E& shown) {
            for (const auto& [word, value] : list) {
              if (value == shown) return std::string(word);
            }
            return std::string();
          }};
}

// `shape` with one more rule: `complaint` says what is wrong with a value, or "".
template <class M>
Shape<M> where(Shape<M> shape, std::function<std::string(const M&)> complaint) {
  shape.decode = [inner = shape.decode, complaint = std::move(complaint)](const Node& node, M& out,
                                                                          Diagnostics& d) {
    if (!inner(node, out, d)) return false;
    std::string wrong = complaint(out);
    if (wrong.empty()) return true;
    d.error(node, std::move(wrong));
    return false;
  };
  return shape;
}

template <class M>
Shape<std::vector<M>> list_of(Shape<M> item) {
  Shape<std::vector<M>> shape;
  shape.type = "list of " + item.type;
  shape.schema = [inner = item.schema] { return detail::list_schema(inner()); };
  shape.decode = [inner = item.decode](const Node& node, std::vector<M>& out, Diagnostics& d) {
    if (!detail::want_seq(node, "a list", d)) return false;
    out.clear();
    out.reserve(node.size());
    bool good = true;
    for (const Node at : node.items()) {
      if (d.full()) return false;
      good &= inner(at, out.emplace_back(), d);
    }
    return good;
  };
  shape.show = [inner = item.show](const std::vector<M>& values) {
    std::string all = "[";
    for (const M& value : values) {
      all += (all.size() == 1 ? "" : ", ") + (inner ? inner(value) : std::string("…"));
    }
    return all + "]";
  };
  if (item.rows) {
    shape.rows = [inner = item.rows](const std::string& prefix, std::vector<ReferenceRow>& rows) {
      inner(prefix + "[]", rows);
    };
  }
  return shape;
}

// Free keys, in the order of the file.
template <class M>
Shape<std::vector<std::pair<std::string, M>>> map_of(Shape<M> value,
                                                     std::string key_word = "name") {
  using Map = std::vector<std::pair<std::string, M>>;
  Shape<Map> shape;
  shape.type = "map of " + value.type;
  shape.schema = [inner = value.schema] { return detail::map_schema(inner()); };
  shape.decode = [inner = value.decode](const Node& node, Map& out, Diagnostics& d) {
    if (!detail::want_map(node, "a map", d)) return false;
    out.clear();
    bool good = true;
    for (const Node at : node.items()) {
      if (d.full()) return false;
      good &= inner(at, out.emplace_back(at.key(), M{}).second, d);
    }
    return good;
  };
  if (value.rows) {
    shape.rows = [inner = value.rows, key_word = std::move(key_word)](
                     const std::string& prefix, std::vector<ReferenceRow>& rows) {
      inner(prefix + ".<" + key_word + ">", rows);
    };
  }
  return shape;
}

template <class M>
Shape<std::optional<M>> optional_of(Shape<M> value) {
  return {value.type, value.schema,
          [inner = value.decode, over = value.decode_over](const Node& node, std::optional<M>& out,
                                                           Diagnostics& d) {
            if (out && over) return over(node, *out, d);
            if (!out) out.emplace();
            return inner(node, *out, d);
          },
          [inner = value.show](const std::optional<M>& shown) {
            return shown && inner ? inner(*shown) : std::string();
          },
          value.rows};
}

template <class M>
Shape<Located<M>> located(Shape<M> value) {
  return {value.type, value.schema,
          [inner = value.decode](const Node& node, Located<M>& out, Diagnostics& d) {
            out.node = node;
            if (inner(node, out.value, d)) return true;
            out.value = M{};  // a default in a bad value's place would make errors of its own
            return false;
          },
          [inner = value.show](const Located<M>& shown) {
            return inner ? inner(shown.value) : std::string();
          },
          value.rows};
}

// The usual shape of a type; see the overloads for which types have one.
template <class M>
struct ShapeOf;
template <class M>
Shape<M> shape_of() {
  return ShapeOf<M>::make();
}

template <>
struct ShapeOf<bool> {
  static Shape<bool> make() { return boolean(); }
};
template <std::unsigned_integral M>
struct ShapeOf<M> {
  static Shape<M> make() { return integer<M>(); }
};
template <>
struct ShapeOf<std::string> {
  static Shape<std::string> make() { return text(); }
};
template <>
struct ShapeOf<Duration> {
  static Shape<Duration> make() { return duration(); }
};
template <>
struct ShapeOf<ByteSize> {
  static Shape<ByteSize> make() { return size(); }
};
template <>
struct ShapeOf<Share> {
  static Shape<Share> make() { return share(); }
};
template <>
struct ShapeOf<HostPort> {
  static Shape<HostPort> make() { return host_port(); }
};
template <class M>
struct ShapeOf<std::vector<M>> {
  static Shape<std::vector<M>> make() { return list_of(shape_of<M>()); }
};
template <class M>
struct ShapeOf<std::vector<std::pair<std::string, M>>> {
  static Shape<std::vector<std::pair<std::string, M>>> make() { return map_of(shape_of<M>()); }
};
template <class M>
struct ShapeOf<std::optional<M>> {
  static Shape<std::optional<M>> make() { return optional_of(shape_of<M>()); }
};
template <class M>
struct ShapeOf<Located<M>> {
  static Shape<Located<M>> make() { return located(shape_of<M>()); }
};

}  // namespace woad::config
