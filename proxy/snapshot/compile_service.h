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

// Adds the endpoints of one address: one for a number, one for each address of a name; each is like
// `model` in all else. `before`: the pool as it was in the snapshot before, whose endpoints may
// stay as suspects; nullptr: none.
void add_endpoints(Pool& pool, const config::HostPort& at, const Endpoint& model,
                   const Resolutions& resolutions, const Pool* before = nullptr, MonoTime now = {});

class ServiceCompiler {
 public:
  // All of them outlive the compiler; the chains of `snapshot` have been compiled.
  ServiceCompiler(const Resolutions& resolutions, const Snapshot* previous, MonoTime now,
                  Snapshot& snapshot, FilterCompiler& filters, ChannelCompiler& channels);

  std::shared_ptr<const ServiceEntry> compile(const std::shared_ptr<const config::Service>& from);

 private:
  using EntryPtr = std::shared_ptr<const ServiceEntry>;

  // What `previous` has under its name; nullptr: nothing.
  const EntryPtr* before(const config::Service& from) const;
  // That, if it is what compiling the service would give now.
  EntryPtr unchanged(const config::Service& from);
  bool chosen_the_same(const config::Service& from) const;
  bool all_suspects_stay(const ServiceEntry& entry) const;
  void keep_suspects(const Service& earlier, Service& service) const;
  bool resolved_the_same(const ServiceEntry& entry) const;
  std::shared_ptr<Service> make(const config::Service& from);
  std::shared_ptr<const ServiceEntry> for_own_tls(const ServiceEntry& entry);
  Subset compile_subset(const config::Subset& from) const;
  void add_endpoint(Service& service, const config::Service& from, const config::Endpoint& endpoint,
                    const Service* earlier) const;
  bool is_local(const config::Labels& labels, std::string_view prefer) const;
  void note_surroundings(const config::Service& from, ServiceEntry& entry) const;

  const Resolutions& resolutions_;
  const Snapshot* previous_;
  MonoTime now_;
  Snapshot& snapshot_;
  FilterCompiler& filters_;
  ChannelCompiler& channels_;
  std::unordered_map<std::string_view, const EntryPtr*> entries_;  // of `previous`, by name
};

}  // namespace woad
