#include "proxy/snapshot/compile_channel.h"

#include <algorithm>
#include <sstream>

#include "proxy/base/strings.h"
#include "proxy/match/spiffe_pattern.h"

namespace woad {
namespace {

constexpr Duration kConnectUpstream = seconds(1);
constexpr Duration kConnectApp = milliseconds(300);

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

std::shared_ptr<const Channel> ChannelCompiler::to_app() {
  return share("app", {.connect_timeout = kConnectApp});
}

void ChannelCompiler::expect(const config::PatternList& peer, TlsClientOptions& options) {
  std::vector<SpiffePattern> patterns;
  for (const auto& text : peer) {
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

std::shared_ptr<const Channel> ChannelCompiler::to_service(const config::Service& service) {
  const config::TlsMode mode = config::tls_mode(config_, service);
  if (mode == config::TlsMode::kOff) return share("plain", {.connect_timeout = kConnectUpstream});
  TlsClientOptions options;
  options.sni = without_final_dot(service.tls.sni ? **service.tls.sni : service.name);
  expect(service.tls.peer, options);
  const TlsContext::Ptr& context = context_of(service, mode);
  const auto secure = [&](config::Protocol protocol, std::shared_ptr<const Channel> http1) {
    options.alpn = alpn_for(protocol);
    // Both the older and the newer snapshot hold their contexts, so the address tells them apart.
    std::ostringstream key;
    key << context.get() << '\n' << options.sni << '\n' << options.alpn << '\n' << options.expected;
    return share(key.str(), {.connect_timeout = kConnectUpstream,
                             .tls = context,
                             .tls_options = std::make_shared<const TlsClientOptions>(options),
                             .needs_http2 = protocol == config::Protocol::kHttp2,
                             .http1 = std::move(http1)});
  };
  if (service.protocol != config::Protocol::kAuto) return secure(service.protocol, nullptr);
  return secure(config::Protocol::kAuto, secure(config::Protocol::kHttp1, nullptr));
}

}  // namespace woad
