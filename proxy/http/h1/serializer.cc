#include "proxy/http/h1/serializer.h"

#include <cstring>
#include <string>

#include "proxy/base/strings.h"

namespace woad::h1 {
namespace {

constexpr size_t kLongestNumber = 20;
constexpr std::string_view kEnd = "\r\n";

// A place to write to, known to be large enough.
class Cursor {
 public:
  explicit Cursor(char* at) : at_(at) {}

  void put(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void put_number(uint64_t value) { at_ += write_decimal(at_, value); }
  void put_field(std::string_view name, std::string_view value) {
    if (!name.empty()) put(name);
    put(": ");
    if (!value.empty()) put(value);
    put(kEnd);
  }
  char* at() const { return at_; }

 private:
  char* at_;
};

size_t size_of(const Headers& headers) {
  size_t size = 0;
  for (const Header& field : headers) size += field.name.size() + field.value.size() + 4;
  return size;
}

void put_headers(Cursor& to, const Headers& headers) {
  for (const Header& field : headers) to.put_field(field.name, field.value);
}

// More than all extras take but connection and upgrade.
constexpr size_t kExtrasSize = 160;

size_t size_of(const HeadExtras& extras) {
  return kExtrasSize + extras.connection.size() + extras.upgrade.size();
}

void put_extras(Cursor& to, const HeadExtras& extras) {
  if (extras.content_length.has_value()) {
    to.put("content-length: ");
    to.put_number(*extras.content_length);
    to.put(kEnd);
  } else if (extras.chunked) {
    to.put("transfer-encoding: chunked\r\n");
  }
  if (extras.te_trailers) to.put("te: trailers\r\n");
  if (extras.expect_continue) to.put("expect: 100-continue\r\n");
  if (!extras.upgrade.empty()) to.put_field("upgrade", extras.upgrade);
  if (!extras.connection.empty()) to.put_field("connection", extras.connection);
}

// Calls `write` with a cursor to at least `most` bytes at the back of `out`.
template <class F>
void write_in_place(Buffer& out, BlockPool& blocks, size_t most, F&& write) {
  constexpr size_t kLargest = BlockPool::kSizes[std::size(BlockPool::kSizes) - 1];
  if (most <= kLargest) {
    char* const begin = out.reserve(blocks, most);
    Cursor cursor(begin);
    write(cursor);
    out.commit(static_cast<size_t>(cursor.at() - begin));
    return;
  }
  std::string text(most, '\0');
  Cursor cursor(text.data());
  write(cursor);
  out.append(blocks, {text.data(), static_cast<size_t>(cursor.at() - text.data())});
}

}  // namespace

void write_request_head(Buffer& out, BlockPool& blocks, const RequestHead& head,
                        const HeadExtras& extras) {
  constexpr std::string_view kLine = " HTTP/1.1\r\nhost: ";
  const size_t most = head.method_name.size() + 1 + head.path.size() + kLine.size() +
                      head.authority.size() + 2 + size_of(head.headers) + size_of(extras) + 2;
  write_in_place(out, blocks, most, [&](Cursor& to) {
    to.put(head.method_name);
    to.put(" ");
    to.put(head.path);
    to.put(kLine);
    if (!head.authority.empty()) to.put(head.authority);
    to.put(kEnd);
    put_headers(to, head.headers);
    put_extras(to, extras);
    to.put(kEnd);
  });
}

void write_response_head(Buffer& out, BlockPool& blocks, const ResponseHead& head,
                         const HeadExtras& extras) {
  const std::string_view reason = reason_phrase(head.status);
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const size_t most = kVersion.size() + kLongestNumber + reason.size() + 3 + size_of(head.headers) +
                      size_of(extras) + 2;
  write_in_place(out, blocks, most, [&](Cursor& to) {
    to.put(kVersion);
    to.put_number(static_cast<uint64_t>(head.status));
    to.put(" ");
    if (!reason.empty()) to.put(reason);
    to.put(kEnd);
    put_headers(to, head.headers);
    put_extras(to, extras);
    to.put(kEnd);
  });
}

void write_content(Buffer& out, BlockPool& blocks, Buffer&& data) {
  if (data.empty()) return;
  if (data.size() <= kCopyBelow) {
    write_in_place(out, blocks, data.size(), [&](Cursor& to) {
      data.for_each([&](const Slice& slice) { to.put(slice.view()); });
    });
    data.clear();
  } else {
    out.append(std::move(data));
  }
}

void write_chunk(Buffer& out, BlockPool& blocks, Buffer&& data) {
  if (data.empty()) return;
  constexpr size_t kLongestSize = 16;
  const size_t size = data.size();
  const bool copy = size <= kCopyBelow;
  write_in_place(out, blocks, kLongestSize + 4 + (copy ? size : 0), [&](Cursor& to) {
    char digits[kLongestSize];
    size_t at = kLongestSize;
    for (size_t rest = size; rest > 0; rest >>= 4U) digits[--at] = "0123456789abcdef"[rest & 15U];
    to.put({digits + at, kLongestSize - at});
    to.put(kEnd);
    if (!copy) return;
    data.for_each([&](const Slice& slice) { to.put(slice.view()); });
    to.put(kEnd);
  });
  if (copy) {
    data.clear();
    return;
  }
  out.append(std::move(data));
  out.append(Slice::of_static(kEnd));
}

void write_last_chunk(Buffer& out, BlockPool& blocks) {
  constexpr std::string_view kLast = "0\r\n\r\n";
  write_in_place(out, blocks, kLast.size(), [&](Cursor& to) { to.put(kLast); });
}

void write_last_chunk(Buffer& out, BlockPool& blocks, const Headers& trailers) {
  write_in_place(out, blocks, size_of(trailers) + 5, [&](Cursor& to) {
    to.put("0\r\n");
    put_headers(to, trailers);
    to.put(kEnd);
  });
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 102: return "Processing";
    case 103: return "Early Hints";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 207: return "Multi-Status";
    case 208: return "Already Reported";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 423: return "Locked";
    case 424: return "Failed Dependency";
    case 425: return "Too Early";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 451: return "Unavailable For Legal Reasons";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    case 508: return "Loop Detected";
    case 511: return "Network Authentication Required";
    default: return {};
  }
}

}  // namespace woad::h1
