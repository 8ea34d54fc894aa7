#include "proxy/member/plane_answer.h"

#include "proxy/base/base64.h"
#include "proxy/base/strings.h"
#include "proxy/compress/zstd.h"
#include "proxy/http/retry_after.h"
#include "proxy/net/tls/digest.h"

namespace woad {
namespace {

constexpr size_t kLongestWords = 300;

// The hash in an ETag ("…" around 64 hexadecimal digits, RFC 9110 section 8.8.3); "" without one.
std::string hash_of(std::string_view etag) {
  constexpr size_t kDigits = 64;
  if (etag.size() != kDigits + 2 || etag.front() != '"' || etag.back() != '"') return "";
  const std::string_view digits = etag.substr(1, kDigits);
  const bool good = digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return good ? std::string(digits) : "";
}

Result<std::string> unpack(HttpAnswer& answer, const PlaneFile& have) {
  const std::string_view coding = trim(answer.header("content-encoding"));
  if (coding.empty() || equals_ignore_case(coding, "identity")) return std::move(answer.body);
  if (equals_ignore_case(coding, "zstd")) return zstd_decompress(answer.body, kMostOfFile);
  if (equals_ignore_case(coding, "dcz") && !have.sha256.empty()) {
    return dcz_decompress(answer.body, have.text, bytes_of_hex(have.sha256), kMostOfFile);
  }
  return Error{"its content-encoding is none that was asked for"};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> poll_fields(const PlaneFile& have) {
  if (have.sha256.empty()) return {{"accept-encoding", "zstd"}};
  return {{"accept-encoding", "dcz, zstd"},
          {"available-dictionary", ":" + base64(bytes_of_hex(have.sha256)) + ":"}};
}

PollAnswer judge_poll(HttpAnswer answer, const PlaneFile& have, std::string_view seen) {
  PlaneFile file{"", hash_of(answer.header("etag")), std::string(answer.header("x-woad-version"))};
  const auto refuse = [&](const std::string& why) {
    return NoFile{file.sha256, file.version, "the control plane's file cannot be used: " + why};
  };
  if (!answer.why.empty()) return refuse(answer.why);
  if (file.sha256.empty()) return refuse("its ETag is not a SHA-256");
  if (file.sha256 == seen) return Unchanged{};
  auto text = unpack(answer, have);
  if (!text) return refuse(text.error().message);
  if (text->size() > kMostOfFile) return refuse("it is over 64 MiB");
  if (sha256_hex(*text) != file.sha256) return refuse("its bytes do not have the hash of its ETag");
  file.text = std::move(*text);
  return file;
}

NoUse no_use(const HttpAnswer& answer, WallTime now) {
  if (answer.status == 0) return {answer.why};
  if (!answer.why.empty()) return {std::to_string(answer.status) + ": " + answer.why};
  if (answer.status >= 300 && answer.status < 400) {
    return {"it answered " + std::to_string(answer.status) + ", and redirects are not followed"};
  }
  const std::string words(first_line(answer.body).substr(0, kLongestWords));
  return {"it answered " + std::to_string(answer.status) + (words.empty() ? "" : ": " + words),
          parse_retry_after(answer.header("retry-after"), now)};
}

}  // namespace woad
