#include "proxy/snapshot/compile_channel.h"

#include <algorithm>
#include <cstdint>

#include "proxy/base/strings.h"
#include "proxy/match/spiffe_pattern.h"

namespace woad {
namespace {

constexpr Duration kConnectUpstream = seconds(1);
constexpr Duration kConnectApp = milliseconds(300);
const std::string kPlain = "plain";

}  // namespace

std::string alpn_for(config::Protocol protocol) {
  switch (protocol) {
    case config::Protocol::kHttp1: return alpn_wire({"http/1.1"});
    case config::Protocol::kHttp2: return alpn_wire({"h2"});
    case config::Protocol::kTcp: return "";
    case config::Protocol::kAuto: break;
  }
  return alpn_wire({"h2", "http/1.1"});
}

std::shared_ptr<const Channel> ChannelCompiler::share(const std::string& key, Channel channel) {
  auto& known = channels_[key];
  if (known != nullptr) return known;
  if (previous_ != nullptr) {
    const auto found = previous_->find(key);
    if (found != previous_->end()) return known = found->second;
  }
  return known = std::make_shared<const Channel>(std::move(channel));
}

std::shared_ptr<const Channel> ChannelCompiler::plain() {
  return share(kPlain, {.connect_timeout = kConnectUpstream});
}

std::shared_ptr<const Channel> ChannelCompiler::to_app() {
  return share("app", {.connect_timeout = kConnectApp, .sole_address = true});
}

std::shared_ptr<const Channel> ChannelCompiler::to_app_as_called() {
  return share("app as called",
               {.connect_timeout = kConnectApp, .from_loopback = true, .sole_address = true});
}

std::shared_ptr<const Channel> ChannelCompiler::to_original() {
  return share("original", {.connect_timeout = kConnectUpstream, .sole_address = true});
}

void ChannelCompiler::expect(const config::PatternList& peer, TlsClientOptions& options) {
  std::vector<SpiffePattern> patterns;
  for (const auto& text : peer) {
    if (text.unknown()) continue;
    auto pattern = SpiffePattern::parse(*text);
    if (!pattern) {
      diagnostics_.error(text.node, pattern.error().message);
      continue;
    }
    options.expected += (options.expected.empty() ? "" : " or ") + *text;
    patterns.push_back(std::move(*pattern));
  }
  if (patterns.empty()) return;
  options.peer = [patterns = std::move(patterns)](std::string_view id) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const SpiffePattern& pattern) { return pattern.matches(id); });
  };
}

const TlsContext::Ptr& ChannelCompiler::context_of(const config::Service& service,
                                                   config::TlsMode mode) const {
  static const TlsContext::Ptr kNone;
  if (mode == config::TlsMode::kMtls) return tls_.own.context;
  const auto found =
      tls_.of_roots.find(service.tls.ca ? **service.tls.ca : std::string(config::kSystemRoots));
  return found == tls_.of_roots.end() ? kNone : found->second.context;
}

std::string ChannelCompiler::key_of(const config::Service& service, const TlsContext* context,
                                    config::Protocol protocol) const {
  // Both the older and the newer snapshot hold their contexts, so the address tells them apart.
  std::string key = std::to_string(reinterpret_cast<uintptr_t>(context));
  key.append("\n").append(service.tls.sni ? **service.tls.sni : service.name);
  key.append("\n").append(alpn_for(protocol));
  for (const auto& peer : service.tls.peer) key.append("\n").append(*peer);
  return key;
}

std::shared_ptr<const Channel> ChannelCompiler::to_service(const config::Service& service) {
  const config::TlsMode mode = config::tls_mode(config_, service);
  if (mode == config::TlsMode::kOff) return plain();
  TlsClientOptions options;
  options.sni = without_final_dot(service.tls.sni ? **service.tls.sni : service.name);
  expect(service.tls.peer, options);
  const TlsContext::Ptr& context = context_of(service, mode);
  const auto secure = [&](config::Protocol protocol, std::shared_ptr<const Channel> opaque,
                          std::shared_ptr<const Channel> http1) {
    options.alpn = alpn_for(protocol);
    return share(key_of(service, context.get(), protocol),
                 {.connect_timeout = kConnectUpstream,
                  .tls = context,
                  .tls_options = std::make_shared<const TlsClientOptions>(options),
                  .needs_http2 = protocol == config::Protocol::kHttp2,
                  .http1 = std::move(http1),
                  .opaque = std::move(opaque)});
  };
  constexpr auto kTcp = config::Protocol::kTcp;
  if (service.protocol == kTcp) return secure(kTcp, nullptr, nullptr);
  const auto opaque = mode == config::TlsMode::kTls ? plain() : secure(kTcp, nullptr, nullptr);
  if (service.protocol != config::Protocol::kAuto) {
    return secure(service.protocol, opaque, nullptr);
  }
  return secure(config::Protocol::kAuto, opaque, secure(config::Protocol::kHttp1, opaque, nullptr));
}

std::shared_ptr<const Channel> ChannelCompiler::to_own_pod() {
  config::Service self;
  self.name = config_.node.service;
  self.tls.mode = config::TlsMode::kMtls;
  Channel channel = *to_service(self);
  channel.sole_address = true;
  const std::string key = "own pod\n" + key_of(self, channel.tls.get(), self.protocol);
  return share(key, std::move(channel));
}

bool ChannelCompiler::keep(const config::Service& service,
                           const std::shared_ptr<const Channel>& channel) {
  const config::TlsMode mode = config::tls_mode(config_, service);
  if (mode == config::TlsMode::kOff) {
    if (channel->tls != nullptr) return false;
    channels_.try_emplace(kPlain, channel);
    return true;
  }
  const TlsContext::Ptr& context = context_of(service, mode);
  if (channel->tls != context) return false;
  channels_.try_emplace(key_of(service, context.get(), service.protocol), channel);
  if (channel->opaque != nullptr) {
    channels_.try_emplace(
        wraps_opaque(*channel) ? key_of(service, context.get(), config::Protocol::kTcp) : kPlain,
        channel->opaque);
  }
  if (channel->http1 != nullptr) {
    channels_.try_emplace(key_of(service, context.get(), config::Protocol::kHttp1), channel->http1);
  }
  return true;
}

}  // namespace woad
