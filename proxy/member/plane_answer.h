// A control plane's answers, judged: the file in one to a poll, or why there is none. Pure; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proxy/base/time.h"
#include "proxy/client/http_client.h"

namespace woad {

// A file as a control plane hands it out, or a text that both sides have.
struct PlaneFile {
  std::string text;
  std::string sha256;   // 64 hexadecimal digits; "": there is no file
  std::string version;  // as the plane says it; ""
};

// It is no file, and it must not be used; nothing is wrong with the plane itself.
struct NoFile {
  std::string sha256;  // what the file should have been; "": not known
  std::string version;
  std::string why;  // a sentence without a final dot
};

struct Unchanged {};

using PollAnswer = std::variant<PlaneFile, NoFile, Unchanged>;

// Bytes of a file, unpacked.
inline constexpr size_t kMostOfFile = size_t{64} << 20;

// The fields of a poll's request by which `have` is the dictionary (RFC 9842 section 2.2).
std::vector<std::pair<std::string, std::string>> poll_fields(const PlaneFile& have);

// Of a 200. `have`: the dictionary that was offered; `seen`: the hash that was said to be known, if
// any.
PollAnswer judge_poll(HttpAnswer answer, const PlaneFile& have, std::string_view seen);

// No use, such as 503 or no answer at all: the next plane may know better.
struct NoUse {
  std::string why;
  std::optional<Duration> retry_after{};
};

// What an answer says that is not the wanted one: "503: the first line of the body". `now` is for a
// Retry-After that names a date.
NoUse no_use(const HttpAnswer& answer, WallTime now);

}  // namespace woad
