// The part of compile() that makes services, or takes them over from the snapshot before.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>

#include "config/types.h"
#include "proxy/snapshot/compile_channel.h"
#include "proxy/snapshot/compile_filters.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

// Adds the endpoints of one address: one for a number, one for each address of a name. `before`:
// the pool as it was in the snapshot before, whose endpoints may stay as suspects; nullptr: none.
void add_endpoints(Pool& pool, const config::HostPort& at, uint32_t weight,
                   const Resolutions& resolutions, const Pool* before = nullptr, MonoTime now = {});

class ServiceCompiler {
 public:
  // All of them outlive the compiler; the chains of `snapshot` have been compiled.
  ServiceCompiler(const Resolutions& resolutions, const Snapshot* previous, Snapshot& snapshot,
                  FilterCompiler& filters, ChannelCompiler& channels, MonoTime now);

  std::shared_ptr<const ServiceEntry> compile(const std::shared_ptr<const config::Service>& from);

 private:
  using EntryPtr = std::shared_ptr<const ServiceEntry>;

  // Of that name in the snapshot before, or nullptr.
  const EntryPtr* previous(const config::Service& from) const;
  // What `previous` has of it, if that is what compiling it would give now.
  EntryPtr unchanged(const config::Service& from);
  bool all_suspects_stay(const ServiceEntry& entry) const;
  void keep_suspects(const Service& before, Service& service) const;
  bool resolved_the_same(const ServiceEntry& entry) const;
  std::shared_ptr<Service> make(const config::Service& from);
  void note_surroundings(const config::Service& from, ServiceEntry& entry) const;

  const Resolutions& resolutions_;
  Snapshot& snapshot_;
  FilterCompiler& filters_;
  ChannelCompiler& channels_;
  MonoTime now_;
  std::unordered_map<std::string_view, const EntryPtr*> previous_;
};

}  // namespace woad
