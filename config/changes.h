// Reading a text of which an earlier one is known: only the services that changed, and the rest.
//
// The services that did not are cut out of the text, and what is left is read as any file. That
// gives what the whole would: a service cannot refer to another (anchors are refused), and its
// lines mean the same wherever they stand between two services.
#pragma once

#include <memory>
#include <string_view>

#include "config/document.h"
#include "config/types.h"

namespace woad::config {

// What `yaml`, a text from Document::yaml_of(), makes of its tree; nullptr: it cannot be read.
std::shared_ptr<Config> decode(std::string_view yaml, const Environment& environment,
                               Diagnostics& diagnostics);

// Notes in `config`, made of the whole `yaml` without errors, where its services stand.
void note_services(std::string_view yaml, Config& config);

// nullptr: anything is unsure or wrong, and the whole is to be read.
std::shared_ptr<Config> read_changes(std::string_view yaml, const std::string& file_name,
                                     const Environment& environment, const Config& previous);

}  // namespace woad::config
