#include "proxy/control/plane/file.h"

#include <string_view>
#include <utility>

#include "proxy/compress/zstd.h"
#include "proxy/net/tls/digest.h"

namespace woad::control {
namespace {

// Of what stands first: `version: "…"`.
std::string version_in(std::string_view text) {
  const size_t begin = text.find('"') + 1;
  return std::string(text.substr(begin, text.find('"', begin) - begin));
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
