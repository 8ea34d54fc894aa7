#include "proxy/net/tls/client_hello.h"

#include <algorithm>

namespace woad {
namespace {

constexpr char kHandshake = 22;
constexpr char kMajorVersion = 3;
constexpr char kClientHello = 1;
constexpr size_t kServerNameExtension = 0;
constexpr char kHostName = 0;
constexpr size_t kRandom = 32;
constexpr size_t kLongestName = 255;

// Takes pieces off the front; once one is missing, everything is.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool good() const { return good_; }
  bool empty() const { return rest_.empty(); }
  std::string_view take(size_t count) {
    if (count > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  size_t number(size_t bytes) {
    size_t value = 0;
    for (const char byte : take(bytes)) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }
  // A vector behind its length.
  std::string_view vector(size_t length_bytes) { return take(number(length_bytes)); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

bool is_name(std::string_view text) {
  return text.size() <= kLongestName && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_';
         });
}

// False when the extension is malformed.
bool read_names(std::string_view extension, std::string& name) {
  Reader outer(extension);
  Reader list(outer.vector(2));
  while (list.good() && !list.empty()) {
    const bool host = list.take(1) == std::string_view(&kHostName, 1);
    const std::string_view text = list.vector(2);
    if (host && name.empty()) name = text;
  }
  return outer.good() && list.good() && is_name(name);
}

bool read_body(std::string_view body, std::string& name) {
  Reader hello(body);
  hello.take(2 + kRandom);  // with the version
  hello.vector(1);          // session id
  hello.vector(2);          // cipher suites
  hello.vector(1);          // compression methods
  if (!hello.good()) return false;
  if (hello.empty()) return true;  // without extensions
  Reader extensions(hello.vector(2));
  while (hello.good() && extensions.good() && !extensions.empty()) {
    const size_t type = extensions.number(2);
    const std::string_view extension = extensions.vector(2);
    if (extensions.good() && type == kServerNameExtension) return read_names(extension, name);
  }
  return hello.good() && extensions.good();
}

// The first handshake message of the records, without its header.
ClientHello::Kind gather(std::string_view first, std::string& body) {
  constexpr size_t kRecordHeader = 5;
  constexpr size_t kMessageHeader = 4;
  std::string message;
  while (!first.empty()) {
    if (first[0] != kHandshake || (first.size() > 1 && first[1] != kMajorVersion)) {
      return ClientHello::Kind::kMalformed;
    }
    if (first.size() < kRecordHeader) break;
    Reader header(first.substr(3));
    const size_t length = header.number(2);
    if (length == 0) return ClientHello::Kind::kMalformed;
    const size_t here = std::min(length, first.size() - kRecordHeader);
    message += first.substr(kRecordHeader, here);
    first.remove_prefix(kRecordHeader + here);
    if (message.empty()) break;
    if (message[0] != kClientHello) return ClientHello::Kind::kMalformed;
    if (message.size() < kMessageHeader) continue;
    const size_t size = Reader(std::string_view(message).substr(1)).number(3);
    if (size > ClientHello::kLongest) return ClientHello::Kind::kMalformed;
    if (message.size() - kMessageHeader < size) continue;
    body = message.substr(kMessageHeader, size);
    return ClientHello::Kind::kRead;
  }
  return ClientHello::Kind::kNeedMore;
}

}  // namespace

ClientHello read_client_hello(std::string_view first) {
  std::string body;
  ClientHello hello{gather(first, body)};
  if (hello.kind == ClientHello::Kind::kRead && !read_body(body, hello.server_name)) {
    return {ClientHello::Kind::kMalformed};
  }
  return hello;
}

}  // namespace woad
