#include "proxy/server/config_file.h"

#include "proxy/base/whole_file.h"

namespace woad {

// Half a file is not worth the work, as a writer may take long and this is asked again.
LoadedConfig ConfigFile::read(const LoadBasis& basis) {
  const std::optional<FileIdentity> file = look_at(path_);
  if (file && is_being_written(writers_of(path_), file->changed, basis.now)) {
    LoadedConfig none;
    none.being_written = path_;
    return none;
  }
  return load_config(path_, basis);
}

}  // namespace woad
