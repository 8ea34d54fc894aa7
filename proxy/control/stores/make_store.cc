#include "proxy/control/stores/make_store.h"

#include <string>

#include "proxy/control/store/directory/directory_store.h"
#include "proxy/control/store/etcd/make_etcd_store.h"
#include "proxy/control/store/kubernetes/kubernetes_store.h"

namespace woad::control {
namespace {

using Made = Result<std::unique_ptr<Store>>;

Made make_directory(std::string_view path, const StoreMeans& means) {
  if (path.empty()) return Error{"dir: needs the path of a folder, such as dir:/etc/woad/mesh"};
  return std::unique_ptr<Store>(
      std::make_unique<DirectoryStore>(means.loop.scheduler(), means.events, std::string(path)));
}

Made make_kubernetes(std::string_view rest, const StoreMeans& means) {
  if (!rest.empty()) {
    return Error{
        "kubernetes takes nothing behind a colon; a cluster outside is named by "
        "--kubeconfig"};
  }
  return make_kubernetes_store(means.loop, means.blocks, {.kubeconfig = means.kubeconfig});
}

struct Kind {
  std::string_view name;  // before the colon
  Made (*make)(std::string_view rest, const StoreMeans& means);
  std::string_view shape;
};

constexpr Kind kKinds[] = {
    {"dir", make_directory, "dir:PATH"},
    {"etcd", make_etcd_store, "etcd:http://HOST:PORT[,...]"},
    {"kubernetes", make_kubernetes, "kubernetes"},
};

}  // namespace

Result<std::unique_ptr<Store>> make_store(std::string_view word, const StoreMeans& means) {
  const size_t colon = word.find(':');
  const std::string_view name = word.substr(0, colon);
  const std::string_view rest = colon == word.npos ? "" : word.substr(colon + 1);
  std::string shapes;
  for (const Kind& each : kKinds) {
    if (each.name == name) return each.make(rest, means);
    shapes.append(shapes.empty() ? "" : ", ").append(each.shape);
  }
  return Error{"unknown store " + std::string(word) + "; there are " + shapes};
}

}  // namespace woad::control
