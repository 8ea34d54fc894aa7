// A folder of documents: mesh.yaml and services/*.yaml, as in a checkout of git. Blocks.
//
// A name that begins with a dot is no document's: editors and Kubernetes' volumes have such. Any
// other is told, also one that no service may have.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "proxy/base/whole_file.h"
#include "proxy/control/store/store.h"

namespace woad::control {

// All documents, as they are now, of revision 0; for commands, which come once and go. The error is
// that of the folder and names it; a file that cannot be read is an entry with an error.
Result<StoreEntries> read_directory(const std::string& path);

// The files of all documents, by key.
Result<std::map<std::string, std::string>> list_directory(const std::string& path);

struct DocumentFile {
  StoreEntry entry;  // without a revision
  bool whole = true;
};

// Nothing: the file is gone.
std::optional<DocumentFile> read_document(const std::string& key, const std::string& file);

}  // namespace woad::control
