#include "tests/http/h2/message_script.h"

#include <utility>

namespace woad::h2test {
namespace {

void put_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte > ' ' && byte < 0x7f) {
      out += c;
    } else {
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
}

}  // namespace

Part section(FieldList fields, bool end) {
  Part part;
  part.end = end;
  part.fields = std::move(fields);
  return part;
}

Part body(size_t bytes, bool end, uint8_t padding) {
  Part part;
  part.is_body = true;
  part.end = end;
  part.bytes = bytes;
  part.padding = padding;
  return part;
}

FieldList joined(FieldList first, const FieldList& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

std::string bytes_of(const Part& part, uint32_t stream, std::string_view fields) {
  const int end = part.end ? kEndStream : kNone;
  if (part.is_body && part.padding == 0) {
    return data(stream, std::string(part.bytes, 'b'), part.end);
  }
  if (part.is_body) {
    std::string payload(1, static_cast<char>(part.padding));
    payload.append(part.bytes, 'b').append(part.padding, '\0');
    return frame(kData, static_cast<uint8_t>(end | kPadded), stream, payload);
  }
  if (!part.continued) {
    return frame(kHeaders, static_cast<uint8_t>(end | kEndHeaders), stream, fields);
  }
  const size_t half = fields.size() / 2;
  return frame(kHeaders, static_cast<uint8_t>(end), stream, fields.substr(0, half)) +
         frame(kContinuation, kEndHeaders, stream, fields.substr(half));
}

std::string describe(const Message& message) {
  std::string out;
  for (const Part& part : message) {
    out += part.is_body ? "(" + std::to_string(part.bytes) : "[";
    for (const auto& [name, value] : part.fields) {
      put_escaped(out, name);
      out += '=';
      put_escaped(out, value);
      out += ' ';
    }
    if (part.padding > 0) out += " padded";
    if (part.end) out += " END";
    out += part.is_body ? ") " : "] ";
  }
  return out;
}

}  // namespace woad::h2test
