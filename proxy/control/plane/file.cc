#include "proxy/control/plane/file.h"

#include <string_view>
#include <utility>

#include "proxy/base/strings.h"
#include "proxy/compress/zstd.h"
#include "proxy/net/tls/digest.h"

namespace woad::control {
namespace {

std::string version_in(std::string_view text) {
  constexpr std::string_view kKey = "version:";
  size_t at = 0;
  while (!text.substr(at).starts_with(kKey)) {
    const size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return {};
    at = end + 1;
  }
  const std::string_view line = text.substr(at, text.find('\n', at) - at);
  std::string_view value = trim(line.substr(kKey.size()));
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) {
    value = value.substr(1, value.size() - 2);
  }
  return std::string(value);
}

}  // namespace

FilePtr make_file(const Skeleton& skeleton, const AllInstances& instances) {
  const std::string text = skeleton.render(instances);
  return std::make_shared<const File>(File{.sha256 = sha256_hex(text),
                                           .version = version_in(text),
                                           .skeleton = skeleton.id(),
                                           .size = text.size(),
                                           .packed = zstd_compress(text)});
}

std::string text_of(const File& file) {
  Result<std::string> text = zstd_decompress(file.packed, file.size);
  WOAD_ASSERT(text);
  return std::move(*text);
}

}  // namespace woad::control
