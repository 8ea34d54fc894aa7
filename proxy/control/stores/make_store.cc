#include "proxy/control/stores/make_store.h"

#include <string>

#include "proxy/control/store/directory/directory_store.h"
#include "proxy/control/store/etcd/make_etcd_store.h"
#include "proxy/control/store/kubernetes/kubernetes_store.h"

namespace woad::control {
namespace {

using Made = Result<std::unique_ptr<Store>>;

Result<void> check_directory(std::string_view path) {
  if (path.empty()) return Error{"dir: needs the path of a folder, such as dir:/etc/woad/mesh"};
  return {};
}

Made make_directory(std::string_view path, const StoreMeans& means) {
  return std::unique_ptr<Store>(
      std::make_unique<DirectoryStore>(means.loop.scheduler(), means.events, std::string(path)));
}

Result<void> check_kubernetes(std::string_view rest) {
  if (rest.empty()) return {};
  return Error{
      "kubernetes takes nothing behind a colon; a cluster outside is named by --kubeconfig"};
}

struct Kind {
  std::string_view name;  // before the colon
  Result<void> (*check)(std::string_view rest);
  Made (*make)(std::string_view rest, const StoreMeans& means);
  std::string_view shape;
};

constexpr Kind kKinds[] = {
    {"dir", check_directory, make_directory, "dir:PATH"},
    {"etcd", check_etcd_servers, make_etcd_store, "etcd:http://HOST:PORT[,...]"},
    {"kubernetes", check_kubernetes, make_kubernetes_store, "kubernetes"},
};

struct Named {
  const Kind* kind;
  std::string_view rest;  // behind the colon
};

Result<Named> read(std::string_view word) {
  const size_t colon = word.find(':');
  const std::string_view name = word.substr(0, colon);
  const std::string_view rest = colon == word.npos ? "" : word.substr(colon + 1);
  std::string shapes;
  for (const Kind& each : kKinds) {
    if (each.name == name) {
      const Result<void> good = each.check(rest);
      return good ? Result<Named>(Named{&each, rest}) : good.error();
    }
    shapes.append(shapes.empty() ? "" : ", ").append(each.shape);
  }
  return Error{"unknown store " + std::string(word) + "; there are " + shapes};
}

}  // namespace

Result<void> check_store_word(std::string_view word) {
  const Result<Named> named = read(word);
  return named ? Result<void>() : named.error();
}

Result<std::unique_ptr<Store>> make_store(std::string_view word, const StoreMeans& means) {
  const Result<Named> named = read(word);
  if (!named) return named.error();
  return named->kind->make(named->rest, means);
}

}  // namespace woad::control
