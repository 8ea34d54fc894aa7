#include "proxy/control/plane/catalog_reader.h"

#include <utility>

namespace woad::control {

void CatalogReader::read(StoreEntries documents, AllInstances instances, uint64_t revision) {
  next_ = std::make_shared<Work>(Work{std::move(documents), std::move(instances), revision});
  if (current_ == nullptr) begin();
}

void CatalogReader::begin() {
  current_ = std::exchange(next_, nullptr);
  current_->previous = with_mesh_;
  background_.run(
      [this, work = current_] {
        work->read =
            Catalog::read(work->documents, work->instances, filters_, work->previous.get());
      },
      [this] {
        const std::shared_ptr<Work> work = std::exchange(current_, nullptr);
        on_read(*work);
      });
}

void CatalogReader::on_read(Work& work) {
  catalog_ = std::move(work.read);
  revision_ = work.revision;
  if (catalog_->settings.has_value()) with_mesh_ = catalog_;
  if (next_ != nullptr) begin();
  read_();
}

const Settings& CatalogReader::settings() const {
  static const Settings kDefaults;
  return with_mesh_ == nullptr ? kDefaults : *with_mesh_->settings;
}

}  // namespace woad::control
