// A small CA in a folder that issues workload certificates (X.509-SVIDs) for trying and testing.
// Production has one already: SPIRE, cert-manager, Istio's.
//
//   FOLDER/ca.crt   the roots that are trusted, oldest first; one but for a rotation
//   FOLDER/ca.key   the key of the newest
//
// Files are replaced whole (replace_file.h), and in an order in which whoever stops in between, or
// watches, finds a set that holds or is refused as a whole. All calls block; one process at a time
// has the folder, others wait.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/base/time.h"

namespace woad {

class LocalCa {
 public:
  // The CA that is in the folder.
  static Result<LocalCa> open(const std::string& folder);
  // The same, which must then be of `trust_domain`; a new one when the folder holds none.
  static Result<LocalCa> open_or_make(const std::string& folder, std::string_view trust_domain,
                                      WallTime now);
  LocalCa(LocalCa&&) noexcept;
  ~LocalCa();

  const std::string& trust_domain() const;
  bool is_new() const;  // made by this call of open_or_make()
  size_t roots() const;

  struct Leaf {
    std::string id;                // a SPIFFE id of the trust domain, with a path
    std::vector<std::string> dns;  // further alternative names
    Duration lifetime = hours(24);
  };
  // Writes ca.crt, tls.key and tls.crt (in this order) into `out`, a folder that is made when it is
  // not there. Replaces a certificate of the same id; one of another id stays, and is the error.
  // Returns when the certificate ends.
  Result<WallTime> issue(const Leaf& leaf, const std::string& out, WallTime now) const;
  // What issue() would say before it writes anything.
  Result<void> check(const Leaf& leaf, const std::string& out, WallTime now) const;

  // The drill of a rotation, each step while the mesh runs: a new root signs from now on, and the
  // bundle of each workload in this folder holds old and new; then all leaves are issued anew;
  // then the old roots are dropped from all bundles, which is refused while a leaf needs one.
  Result<void> add_root(WallTime now);
  Result<void> drop_old_roots();

 private:
  struct Native;
  explicit LocalCa(std::unique_ptr<Native> native);
  static Result<LocalCa> lock(const std::string& folder);
  Result<void> load();
  Result<void> save_roots() const;

  std::unique_ptr<Native> native_;
};

}  // namespace woad
