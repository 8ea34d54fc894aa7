#include "proxy/control/documents/lines.h"

#include "proxy/control/documents/words.h"

namespace woad::control {
namespace {

constexpr size_t kStep = 2;

class Writer {
 public:
  void indent(size_t column) { lines_.text.append(column, ' '), at_ = column; }

  void key(const Entry& entry) {
    mark(entry.key_place);
    add(as_key(entry.key) + ":");
  }

  // What stands behind a key and its colon.
  void value(const Value& value, size_t column) {
    if (value.entries.empty()) {
      add(" ");
      return single(value);
    }
    end_line();
    indent(column + kStep);
    entries(value, column + kStep);
  }

  void item(const Value& value, size_t column) {
    add("- ");
    if (value.entries.empty()) return single(value);
    entries(value, column + kStep);
  }

  void end_line() {
    lines_.text += '\n';
    ++lines_.count;
    at_ = 0;
  }

  Lines take() { return std::move(lines_); }

 private:
  void add(const std::string& text) {
    lines_.text += text;
    at_ += text.size();
  }

  void mark(const Place& place) {
    lines_.spots.push_back({lines_.count, static_cast<uint32_t>(at_) + 1, place});
  }

  void single(const Value& value) {
    mark(value.place);
    add(value.is_map()                       ? "{}"
        : value.is_list()                    ? "[]"
        : value.kind == Value::Kind::kScalar ? as_written(value.text, value.plain)
                                             : "null");
    end_line();
  }

  // The first one is indented already.
  void entries(const Value& value, size_t column) {
    mark(value.place);
    bool first = true;
    for (const Entry& entry : value.entries) {
      if (!first) indent(column);
      first = false;
      if (value.is_list()) {
        item(entry.value, column);
      } else {
        key(entry);
        this->value(entry.value, column);
      }
    }
  }

  Lines lines_;
  size_t at_ = 0;  // bytes of the line so far
};

}  // namespace

void Lines::append(const Lines& more) {
  text += more.text;
  for (Spot spot : more.spots) {
    spot.line += count;
    spots.push_back(spot);
  }
  count += more.count;
}

Lines lines_of_entry(const Entry& entry, size_t column) {
  Writer writer;
  writer.indent(column);
  writer.key(entry);
  writer.value(entry.value, column);
  return writer.take();
}

Lines lines_of_item(const Value& item, size_t column) {
  Writer writer;
  writer.indent(column);
  writer.item(item, column);
  return writer.take();
}

Lines line_of_key(const Entry& entry, size_t column) {
  Writer writer;
  writer.indent(column);
  writer.key(entry);
  writer.end_line();
  return writer.take();
}

}  // namespace woad::control
