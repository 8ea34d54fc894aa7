// `woad inject -f`: reads files, injects, says what there is to say.
#pragma once

#include <string>

#include "proxy/base/result.h"
#include "proxy/cli.h"
#include "proxy/inject/file.h"

namespace woad {

// The values of `--config`, or the defaults; `native` wins over both. The error is what to print,
// lines with places. Blocks.
Result<InjectSettings> load_inject_settings(const std::string& path, std::optional<bool> native);

// As of inject_file(). What cannot be read is an error like any other. Blocks.
InjectedFile run_inject(const InjectCommand& command);

}  // namespace woad
