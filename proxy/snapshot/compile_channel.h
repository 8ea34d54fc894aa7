// From services.*.tls to the channels of a snapshot.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "config/diagnostics.h"
#include "config/types.h"
#include "proxy/snapshot/tls.h"
#include "proxy/upstream/channel.h"

namespace woad {

// By all that makes one channel different from another. The text is valid while the channel lives.
using Channels = std::unordered_map<std::string, std::shared_ptr<const Channel>>;

// The protocol names (RFC 7301) for what is spoken with TLS; "" for opaque TCP.
std::string alpn_for(config::Protocol protocol);

class ChannelCompiler {
 public:
  // What is the same as in `previous` (may be nullptr) is taken over; what is used is put into
  // `channels`. All of them outlive the compiler.
  ChannelCompiler(const config::Config& config, const SnapshotTls& tls, const Channels* previous,
                  Channels& channels, config::Diagnostics& diagnostics)
      : config_(config),
        tls_(tls),
        previous_(previous),
        channels_(channels),
        diagnostics_(diagnostics) {}

  // To the local app.
  std::shared_ptr<const Channel> to_app();
  // To it at whichever address of this host was called.
  std::shared_ptr<const Channel> to_app_as_called();
  // To where a redirected connection was going, in plaintext.
  std::shared_ptr<const Channel> to_original();
  // To the inbound listener of this very pod, which allows or asks for TLS.
  std::shared_ptr<const Channel> to_own_pod();
  // In plaintext.
  std::shared_ptr<const Channel> plain();
  std::shared_ptr<const Channel> to_service(const config::Service& service);
  // Whether to_service() would give `channel`, which it gave for the same words in the snapshot
  // before; then it stays among those that are in use.
  bool keep(const config::Service& service, const std::shared_ptr<const Channel>& channel);

 private:
  std::shared_ptr<const Channel> share(const std::string& key, Channel channel);
  void expect(const config::PatternList& peer, TlsClientOptions& options);
  const TlsContext::Ptr& context_of(const config::Service& service, config::TlsMode mode) const;
  // By which a channel with TLS is found.
  std::string key_of(const config::Service& service, const TlsContext* context,
                     config::Protocol protocol) const;

  const config::Config& config_;
  const SnapshotTls& tls_;
  const Channels* previous_;
  Channels& channels_;
  config::Diagnostics& diagnostics_;
};

}  // namespace woad
