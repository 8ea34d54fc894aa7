// Decode tables: one list of fields gives decoding, errors, the JSON schema and the reference.
//
//   struct Delay { Share percent; Duration time{}; };
//   struct Settings { std::optional<Delay> delay; bool only_dyed = true; Mode mode = Mode::kA; };
//
//   const Table<Delay> kDelay{
//       required<Delay>({"percent", &Delay::percent, "Share of requests that wait."}),
//       {"for", &Delay::time, duration(milliseconds(1)), "How long."},
//   };
//   const Table<Settings> kTable{
//       {"delay", &Settings::delay, kDelay, "Delay before going on."},
//       {"only_dyed", &Settings::only_dyed, "Undyed requests are left alone."},
//       {"mode", &Settings::mode, words<Mode>({{"a", Mode::kA}, {"b", Mode::kB}}), "Which."},
//   };
//   kTable.decode(node, settings, diagnostics);
//
// Defaults are those of the struct's initialisers; the schema and the reference show them. decode()
// changes only what is present, so the cascade chain < service < route is three decodes into one
// object. A struct with a member `Node source` gets its node there. See config/shape.h for shapes
// (duration, size, share, words, list_of, map_of, where, …). Unknown keys are errors with a "did
// you mean". Tables are constants that outlive their use; any thread.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/shape.h"

namespace woad::config {

template <class T>
class Table;
template <class T>
Shape<T> nested(const Table<T>& table);

// One key of a table. `key` and `doc` are literals; `doc` is one sentence for the reference.
template <class T>
struct Field {
  template <class M>
  Field(std::string_view key_word, M T::*member, Shape<M> shape, std::string_view sentence)
      : key(key_word), doc(sentence), type(shape.type), schema(shape.schema), rows(shape.rows) {
    decode = [member, inner = std::move(shape.decode)](const Node& node, T& out, Diagnostics& d) {
      return inner(node, out.*member, d);
    };
    if (shape.show) {
      show = [member, inner = std::move(shape.show)](const T& value) {
        return inner(value.*member);
      };
    }
  }
  template <class M>
  Field(std::string_view key_word, M T::*member, std::string_view sentence)
      : Field(key_word, member, shape_of<M>(), sentence) {}
  template <class M>
  Field(std::string_view key_word, M T::*member, const Table<M>& table, std::string_view sentence)
      : Field(key_word, member, nested(table), sentence) {}
  template <class M>
  Field(std::string_view key_word, std::optional<M> T::*member, const Table<M>& table,
        std::string_view sentence)
      : Field(key_word, member, optional_of(nested(table)), sentence) {}
  template <class M>
  Field(std::string_view key_word, std::vector<M> T::*member, const Table<M>& table,
        std::string_view sentence)
      : Field(key_word, member, list_of(nested(table)), sentence) {}

  std::string_view key;
  std::string_view doc;
  std::string_view hint;
  std::string type;
  bool is_required = false;
  std::function<std::string()> schema;
  std::function<void(const std::string&, std::vector<ReferenceRow>&)> rows;
  std::function<bool(const Node&, T&, Diagnostics&)> decode;
  std::function<std::string(const T&)> show;
};

// `hint`: what to write when it is missing.
template <class T>
Field<T> required(Field<T> field, std::string_view hint = {}) {
  field.is_required = true;
  field.hint = hint;
  return field;
}

namespace detail {
// What the parts of a table that do not depend on T see of a field.
struct FieldInfo {
  std::string_view key;
  std::string_view doc;
  std::string type;
  std::string default_text;
  bool is_required;
  std::function<std::string()> schema;
  std::function<void(const std::string&, std::vector<ReferenceRow>&)> rows;
};
std::string table_schema(const std::vector<FieldInfo>& fields);
void table_rows(const std::vector<FieldInfo>& fields, const std::string& prefix,
                std::vector<ReferenceRow>& rows);
// Returns the place in `known` of the key that was meant, or known.size().
size_t unknown_key(const Node& node, const std::vector<std::string_view>& known, Diagnostics& d);
}  // namespace detail

template <class T>
class Table {
 public:
  // A rule on the whole, run when every field was read without error and is known.
  using Check = std::function<void(const T&, const Node&, Diagnostics&)>;

  Table() = default;
  Table(std::initializer_list<Field<T>> fields) : fields_(fields) {}
  Table(std::initializer_list<Field<T>> fields, Check check)
      : fields_(fields), check_(std::move(check)) {}

  // On top of what `out` holds. False: errors were added, `out` is of no use.
  bool decode(const Node& node, T& out, Diagnostics& diagnostics) const {
    return decode(node, out, diagnostics, true);
  }
  // `complete` false: `out` is the result of an earlier decode(), so required keys may be missing.
  bool decode(const Node& node, T& out, Diagnostics& diagnostics, bool complete) const {
    if constexpr (requires { out.source = node; }) out.source = node;
    if (!detail::want_map(node, "a map of settings", diagnostics)) return false;
    const size_t before = diagnostics.count();
    std::vector<bool> seen(fields_.size());
    for (const Node at : node.items()) {
      if (diagnostics.full()) return false;
      const size_t index = find(at.key());
      if (index == fields_.size()) {
        // A mistyped key is one error, not also a missing one.
        const auto known = keys();
        const size_t meant = detail::unknown_key(at, known, diagnostics);
        if (meant < known.size()) seen[find(known[meant])] = true;
      } else {
        seen[index] = true;
        fields_[index].decode(at, out, diagnostics);
      }
    }
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (complete && fields_[i].is_required && !seen[i]) {
        diagnostics.error_below(node, fields_[i].key, "is required and missing",
                                std::string(fields_[i].hint));
      }
    }
    if (check_ && diagnostics.count() == before && !node.holds_broken()) {
      check_(out, node, diagnostics);
    }
    return diagnostics.count() == before;
  }

  // The JSON schema of such a map, as text.
  std::string schema_text() const { return detail::table_schema(infos()); }

  // Adds a line a key, those of nested tables below their own.
  void rows(const std::string& prefix, std::vector<ReferenceRow>& rows) const {
    detail::table_rows(infos(), prefix, rows);
  }

 private:
  size_t find(std::string_view key) const {
    size_t i = 0;
    while (i < fields_.size() && fields_[i].key != key) ++i;
    return i;
  }
  std::vector<std::string_view> keys() const {
    std::vector<std::string_view> all;
    for (const auto& field : fields_) all.push_back(field.key);
    return all;
  }
  std::vector<detail::FieldInfo> infos() const {
    const T defaults{};
    std::vector<detail::FieldInfo> all;
    for (const auto& field : fields_) {
      all.push_back({field.key, field.doc, field.type,
                     field.show && !field.is_required ? field.show(defaults) : std::string(),
                     field.is_required, field.schema, field.rows});
    }
    return all;
  }

  std::vector<Field<T>> fields_;
  Check check_;
};

// A map with the keys of `table`, which must outlive the shape.
template <class T>
Shape<T> nested(const Table<T>& table) {
  return {"map",
          [&table] { return table.schema_text(); },
          [&table](const Node& node, T& out, Diagnostics& d) { return table.decode(node, out, d); },
          {},
          [&table](const std::string& prefix, std::vector<ReferenceRow>& rows) {
            table.rows(prefix.empty() ? prefix : prefix + ".", rows);
          },
          [&table](const Node& node, T& out, Diagnostics& d) {
            return table.decode(node, out, d, false);
          }};
}

}  // namespace woad::config
