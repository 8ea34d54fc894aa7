// The certificate of an HTTPS server in a folder, tls.crt and tls.key, and its rotation: read anew
// whenever a file changes, however (net/file_watch.h). A set that does not hold changes nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/net/file_watch.h"
#include "proxy/net/tls/context.h"

namespace woad {

class ServerCertificate {
 public:
  // Certificate and key are two files, replaced one after the other: a change is told when nothing
  // more happened for so long.
  static constexpr Duration kGather = milliseconds(150);

  using Changed = std::function<void(Result<TlsContext::Ptr>)>;

  // `changed` gets the new one, or why there is none. All outlive this; the loop's thread.
  ServerCertificate(Scheduler& scheduler, FileEvents& events, const std::string& folder,
                    Changed changed);

  // Reads the files. Blocks.
  Result<TlsContext::Ptr> read() const;

 private:
  void on_gathered() { changed_(read()); }

  Scheduler& scheduler_;
  std::string certificate_;
  std::string key_;
  Changed changed_;
  Timer gather_;
  std::vector<std::unique_ptr<FileWatch>> watches_;
};

}  // namespace woad
