#include "proxy/server/member_host.h"

#include <utility>

#include "config/load.h"
#include "proxy/base/strings.h"
#include "proxy/match/spiffe_pattern.h"
#include "proxy/snapshot/config_loader.h"

namespace woad {
namespace {

// Those of WOAD_TLS_DIR, before any file says where they are; nothing when it is not set.
Result<TlsContext::Ptr> context_of_environment(WallTime now) {
  const std::string name = "WOAD_TLS_DIR";
  const config::LoadResult read =
      config::load_text("version: none\n", name, config::Environment::of_process());
  if (read.config == nullptr || !read.config->tls) {
    return Error{"there are no certificates: set WOAD_TLS_DIR to the folder that has them"};
  }
  config::Diagnostics diagnostics(name);
  SnapshotTls tls = load_tls(*read.config, nullptr, now, diagnostics);
  if (tls.own.context != nullptr) return tls.own.context;
  const std::string errors = diagnostics.text();
  return Error{errors.empty() ? name + ": its files are being written"
                              : std::string(first_line(errors))};
}

LocalFile::Check checked_with(const std::vector<FilterKind>& registry) {
  return [&registry](const std::string& path) -> Result<LocalFile::Node> {
    const LoadedConfig loaded = load_config(path, {registry});
    if (loaded.snapshot == nullptr) return Error{loaded.errors};
    return LocalFile::Node{loaded.config->node.service, loaded.config->node.instance};
  };
}

}  // namespace

SidecarMember::SidecarMember(const Parts& parts, const std::string& path,
                             const std::vector<FilterKind>& registry, MemberSettings settings,
                             uint64_t seed, Beginning beginning)
    : parts_(parts),
      identity_(settings.identity),
      beginning_(std::move(beginning)),
      background_(parts.loop),
      member_({parts.loop.scheduler(), background_, *this}, LocalFile(path, checked_with(registry)),
              std::move(settings), seed) {}

TlsContext::Ptr SidecarMember::running_context() const {
  const auto& snapshot = parts_.rollout.snapshot();
  return snapshot == nullptr ? nullptr : snapshot->tls.own.context;
}

Result<TlsContext::Ptr> SidecarMember::context() const {
  if (auto running = running_context()) return running;
  return context_of_environment(parts_.loop.scheduler().wall());
}

Result<std::unique_ptr<HttpClient>> SidecarMember::connect(const Url& url) {
  HttpClientOptions options{.origin = url, .agent = "woad/" WOAD_VERSION};
  used_ = nullptr;
  if (url.tls) {
    auto own = context();
    if (!own) return own.error();
    used_ = *own;
    options.tls = *own;
    const std::string expected = !identity_.empty()
                                     ? identity_
                                     : std::string(kSpiffeScheme) +
                                           std::string((*own)->material().trust_domain()) +
                                           "/ns/*/sa/woad-control";
    auto pattern = SpiffePattern::parse(expected);
    if (!pattern) return pattern.error();
    options.tls_options = std::make_shared<const TlsClientOptions>(TlsClientOptions{
        .sni = url.host,
        .alpn = "",
        .peer = [pattern =
                     std::move(*pattern)](std::string_view id) { return pattern.matches(id); },
        .expected = expected});
  }
  return std::make_unique<HttpClient>(parts_.loop, parts_.blocks, std::move(options));
}

bool SidecarMember::outdated() const {
  if (used_ == nullptr) return false;
  const TlsContext::Ptr running = running_context();
  return running != nullptr && running != used_;
}

std::optional<Serving> SidecarMember::serving() const {
  const config::Config* const config = parts_.deployment.config();
  if (config == nullptr) return std::nullopt;
  Serving serving;
  if (!config->inbound.empty()) serving.port = (*config->inbound.front().address).port;
  for (const auto& [name, value] : config->node.labels) serving.labels[name] = *value;
  return serving;
}

}  // namespace woad
