#include "proxy/control/plane/coding.h"

#include "proxy/base/base64.h"
#include "proxy/base/strings.h"
#include "proxy/compress/zstd.h"
#include "proxy/net/tls/digest.h"

namespace woad::control {
namespace {

constexpr size_t kHashBytes = 32;

// "zstd;q=0" refuses it (RFC 9110 section 12.5.3); any other weight is as good as none.
bool is_refused(std::string_view parameters) {
  const size_t at = parameters.find("q=");
  if (at == std::string_view::npos) return false;
  const std::string_view weight = trim(parameters.substr(at + 2));
  return weight.starts_with('0') && weight.find_first_not_of("0.") == std::string_view::npos;
}

void read_codings(std::string_view list, Acceptance& acceptance) {
  for_each_list_item(list, [&](std::string_view item) {
    const size_t semicolon = item.find(';');
    const std::string_view coding = trim(item.substr(0, semicolon));
    if (semicolon != std::string_view::npos && is_refused(item.substr(semicolon))) return true;
    if (equals_ignore_case(coding, "zstd")) acceptance.zstd = true;
    if (equals_ignore_case(coding, "dcz")) acceptance.dcz = true;
    return true;
  });
}

// A byte sequence (RFC 9651 section 3.3.5); "" when it is none of a SHA-256.
std::string read_dictionary(std::string_view field) {
  if (field.size() < 2 || field.front() != ':' || field.back() != ':') return {};
  const auto bytes = from_base64(field.substr(1, field.size() - 2));
  return bytes && bytes->size() == kHashBytes ? hex_of_bytes(*bytes) : std::string();
}

}  // namespace

Acceptance read_acceptance(const Headers& headers) {
  Acceptance acceptance;
  for (const Header& field : headers) {
    if (equals_ignore_case(field.name, "accept-encoding")) read_codings(field.value, acceptance);
    if (equals_ignore_case(field.name, "available-dictionary")) {
      acceptance.dictionary = read_dictionary(trim(field.value));
    }
  }
  return acceptance;
}

std::string_view to_string(Coding::Kind kind) {
  switch (kind) {
    case Coding::Kind::kPlain: return "";
    case Coding::Kind::kZstd: return "zstd";
    case Coding::Kind::kDcz: return "dcz";
  }
  return "";
}

std::string encode(const File& file, Coding::Kind kind, const FilePtr& dictionary) {
  switch (kind) {
    case Coding::Kind::kPlain: return text_of(file);
    case Coding::Kind::kZstd: return file.packed;
    case Coding::Kind::kDcz:
      return dcz_compress(text_of(file), text_of(*dictionary), bytes_of_hex(dictionary->sha256));
  }
  return {};
}

}  // namespace woad::control
