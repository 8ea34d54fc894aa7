#include "config/document.h"

#include <unistd.h>

#include <cstdlib>

#include "config/prescan.h"
#include "config/tree_builder.h"

namespace woad::config {

Environment Environment::none() {
  return {[](const std::string&) { return std::nullopt; }, "localhost"};
}

Environment Environment::of_process() {
  char name[256] = {};
  const bool known = gethostname(name, sizeof name - 1) == 0 && name[0] != 0;
  return {[](const std::string& key) -> std::optional<std::string> {
            const char* value = std::getenv(key.c_str());  // NOLINT(concurrency-mt-unsafe)
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          known ? name : "localhost"};
}

std::shared_ptr<const Document> Document::parse(std::shared_ptr<const std::string> text,
                                                const Environment& environment,
                                                Diagnostics& diagnostics) {
  if (text->size() > kMaxBytes) {
    diagnostics.error(Location{1, 1}, "", "the file is larger than 64 MiB");
    return nullptr;
  }
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  std::string_view yaml = *text;
  if (yaml.starts_with(kByteOrderMark)) yaml.remove_prefix(kByteOrderMark.size());
  if (!prescan(yaml, diagnostics)) return nullptr;
  auto document = std::shared_ptr<Document>(new Document(std::move(text)));
  TreeBuilder builder(*document, yaml, environment, diagnostics);
  return builder.run() ? document : nullptr;
}

}  // namespace woad::config
