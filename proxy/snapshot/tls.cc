#include "proxy/snapshot/tls.h"

#include <functional>

#include "config/load.h"

namespace woad {
namespace {

// The files of one context.
struct PemFiles {
  std::vector<PemText> texts;

  std::string hash() const {
    std::string all;
    for (const PemText& each : texts) all += std::to_string(each.text.size()) + ":" + each.text;
    return config::content_hash(all);
  }
};

// Each file that cannot be read has its error in `failed`.
PemFiles read_files(const std::vector<std::string>& names, std::vector<std::string>& failed) {
  PemFiles files;
  for (const std::string& name : names) {
    Result<PemText> text = name == config::kSystemRoots ? read_system_roots() : read_pem_file(name);
    if (text) {
      files.texts.push_back(std::move(*text));
    } else {
      failed.push_back(text.error().message);
    }
  }
  return files;
}

using MakeMaterial = std::function<Result<TlsMaterial::Ptr>(const PemFiles&)>;

// What one context is made of, and how.
struct Recipe {
  std::vector<std::string> names;
  std::string settings;
  MakeMaterial material;
  TlsVersion min_version = TlsVersion::k13;
};

// `before`: what there is for the same place of the configuration; may be nullptr.
Result<TlsEpoch> make_epoch(const Recipe& recipe, const PemFiles& files, const TlsEpoch* before) {
  TlsEpoch epoch{nullptr, recipe.settings, files.hash()};
  if (before != nullptr && before->settings == epoch.settings && before->content == epoch.content) {
    return *before;
  }
  Result<TlsMaterial::Ptr> material = recipe.material(files);
  if (!material) return material.error();
  Result<TlsContext::Ptr> context = TlsContext::make(std::move(*material), recipe.min_version);
  if (!context) return context.error();
  epoch.context = std::move(*context);
  return epoch;
}

class TlsLoader {
 public:
  TlsLoader(const config::Config& config, const SnapshotTls* previous, WallTime now,
            config::Diagnostics& diagnostics)
      : config_(config), previous_(previous), now_(now), diagnostics_(diagnostics) {}

  SnapshotTls run() {
    if (config_.tls) load_own(*config_.tls);
    for (const auto& service : config_.services) {
      if (config::tls_mode(config_, *service) == config::TlsMode::kTls) load_roots(service->tls);
    }
    return std::move(loaded_);
  }

 private:
  void load_own(const config::Tls& tls) {
    const std::string domain = tls.trust_domain ? **tls.trust_domain : "";
    const bool old = tls.min_version == config::TlsVersion::k12;
    const Recipe recipe{
        .names = {*tls.certificate, *tls.key, *tls.trust_bundle},
        .settings = *tls.certificate + "\n" + *tls.key + "\n" + *tls.trust_bundle + "\n" + domain +
                    (old ? "\n1.2" : "\n1.3"),
        .material = [&](const PemFiles& files) { return own_material(files, domain); },
        .min_version = old ? TlsVersion::k12 : TlsVersion::k13};
    const TlsEpoch* before = previous_ == nullptr ? nullptr : &previous_->own;
    take(recipe, before, loaded_.own, [&](const std::string& why) {
      const bool key = why.starts_with(*tls.key + ":");
      const bool bundle = why.starts_with(*tls.trust_bundle + ":");
      return key ? tls.key.node : bundle ? tls.trust_bundle.node : tls.certificate.node;
    });
  }

  Result<TlsMaterial::Ptr> own_material(const PemFiles& files, std::string domain) const {
    const PemText& certificate = files.texts[0];
    if (domain.empty()) {
      Result<Svid> svid = read_svid_pem(certificate.text, TlsSide::kEither);
      if (!svid) return Error{certificate.name + ": " + svid.error().message};
      domain = svid->trust_domain;
    }
    return TlsMaterial::identity(certificate, files.texts[1], files.texts[2], domain, now_);
  }

  void load_roots(const config::ServiceTls& tls) {
    const std::string ca(tls.ca ? **tls.ca : std::string(config::kSystemRoots));
    const auto [at, fresh] = loaded_.of_roots.try_emplace(ca);
    if (!fresh) return;
    const Recipe recipe{
        .names = {ca},
        .settings = ca,
        .material = [](const PemFiles& files) { return TlsMaterial::trust(files.texts[0]); },
        .min_version = TlsVersion::k12};
    const TlsEpoch* before = nullptr;
    if (previous_ != nullptr) {
      const auto found = previous_->of_roots.find(ca);
      if (found != previous_->of_roots.end()) before = &found->second;
    }
    take(recipe, before, at->second,
         [&](const std::string&) { return tls.ca ? tls.ca->node : tls.source; });
  }

  template <class PlaceOf>
  void take(const Recipe& recipe, const TlsEpoch* before, TlsEpoch& into, PlaceOf&& place_of) {
    for (const std::string& name : recipe.names) {
      if (name != config::kSystemRoots) loaded_.files.push_back(name);
    }
    std::vector<std::string> failed;
    const PemFiles files = read_files(recipe.names, failed);
    if (failed.empty()) {
      note(files);
      Result<TlsEpoch> made = make_epoch(recipe, files, before);
      if (made) {
        into = std::move(*made);
        return;
      }
      failed.push_back(made.error().message);
    }
    const bool kept =
        before != nullptr && before->context != nullptr && before->settings == recipe.settings;
    if (kept) into = *before;
    for (const std::string& why : failed) {
      if (kept) {
        loaded_.refused += (loaded_.refused.empty() ? "" : "; ") + why;
      } else {
        diagnostics_.error(place_of(why), why);
      }
    }
  }

  void note(const PemFiles& files) {
    for (const PemText& file : files.texts) {
      loaded_.identities.insert_or_assign(file.name, file.identity);
      if (!file.whole) loaded_.being_written = file.name;
    }
  }

  const config::Config& config_;
  const SnapshotTls* previous_;
  WallTime now_;
  config::Diagnostics& diagnostics_;
  SnapshotTls loaded_;
};

}  // namespace

SnapshotTls load_tls(const config::Config& config, const SnapshotTls* previous, WallTime now,
                     config::Diagnostics& diagnostics) {
  return TlsLoader(config, previous, now, diagnostics).run();
}

}  // namespace woad
