#include "proxy/server/certificates.h"

#include <algorithm>

#include "proxy/base/rfc3339.h"
#include "proxy/log/log.h"

namespace woad {
namespace {

// Of our chain; nothing without an identity.
const TlsMaterial* own_material(const Snapshot& running) {
  const TlsContext::Ptr& own = running.tls.own.context;
  return own == nullptr ? nullptr : &own->material();
}

bool is_ending(const TlsMaterial& material, WallTime now) {
  const WallTime begin = material.svid()->not_before;
  const Duration life = material.not_after() - begin;
  const Duration left = material.not_after() - now;
  return static_cast<double>(left.count()) <
         Certificates::kWarnShare * static_cast<double>(life.count());
}

std::string ending_words(const TlsMaterial& material, WallTime now) {
  const bool over = material.not_after() <= now;
  return "the certificate of " + material.svid()->id + (over ? " ended at " : " ends at ") +
         rfc3339(material.not_after()) +
         (over ? "; others refuse it" : ", and less than 20% of its life is left");
}

double seconds_of(WallTime time) {
  return static_cast<double>(time.time_since_epoch() / seconds(1));
}

// The same contexts: nothing was made anew.
bool same(const SnapshotTls& a, const SnapshotTls& b) {
  const auto same_epoch = [](const TlsEpoch& x, const TlsEpoch& y) {
    return x.context == y.context;
  };
  return same_epoch(a.own, b.own) &&
         std::equal(a.of_roots.begin(), a.of_roots.end(), b.of_roots.begin(), b.of_roots.end(),
                    [&](const auto& x, const auto& y) {
                      return x.first == y.first && same_epoch(x.second, y.second);
                    });
}

}  // namespace

bool Certificates::note(const SnapshotTls* before, const SnapshotTls& now, WallTime at) {
  const bool changed = before == nullptr || !same(*before, now);
  if (now.files.empty()) {
    status_.last_error.clear();
    return changed;
  }
  if (changed) status_.loaded_at = at;
  if (!now.refused.empty()) {
    ++status_.reloads_rejected;
    status_.last_error = now.refused;
    log_error("new certificate files are refused, the older ones stay", {{"why", now.refused}});
    return changed;
  }
  status_.last_error.clear();
  if (before == nullptr) return changed;
  ++(changed ? status_.reloads_success : status_.reloads_unchanged);
  if (changed) log_info("new certificates are used");
  return changed;
}

void Certificates::watch(const SnapshotTls& running) {
  if (running.files == files_) return;
  files_ = running.files;
  watches_.clear();
  for (const std::string& file : files_) {
    const auto read = running.identities.find(file);
    watches_.push_back(std::make_unique<FileWatch>(
        scheduler_, events_, file, [this] { on_file_changed(); }, FileWatch::Gone::kChange,
        read == running.identities.end() ? std::nullopt : std::optional(read->second)));
  }
}

void Certificates::on_file_changed() {
  const MonoTime now = scheduler_.now();
  if (!gather_.armed()) gathered_by_ = now + kGatherMost;
  gather_.arm(std::min<Duration>(kGather, gathered_by_ - now));
}

std::vector<std::string> Certificates::warnings(const Snapshot& running, WallTime now) const {
  std::vector<std::string> lines;
  if (!status_.last_error.empty()) {
    lines.push_back("warning: new certificate files were refused, older ones are used: " +
                    status_.last_error);
  }
  const TlsMaterial* material = own_material(running);
  if (material != nullptr && is_ending(*material, now)) {
    lines.push_back("warning: " + ending_words(*material, now));
  }
  for (const ListenerSpec& listener : running.listeners) {
    if (listener.mtls != Mtls::kPermissive) continue;
    lines.push_back("warning: inbound " + listener.name +
                    " has mtls: permissive, so plaintext is let in; GET /certs lists its callers");
  }
  return lines;
}

std::vector<ExtraFamily> Certificates::metrics(const Snapshot& running) const {
  ExtraFamily reloads{"woad_certificate_reloads_total",
                      "Loads of certificate files after the start, by how they ended.",
                      false,
                      {}};
  const std::pair<const char*, uint64_t> counts[] = {{"success", status_.reloads_success},
                                                     {"rejected", status_.reloads_rejected},
                                                     {"unchanged", status_.reloads_unchanged}};
  for (const auto& [word, count] : counts) {
    reloads.samples.push_back({{{"result", word}}, static_cast<double>(count)});
  }
  ExtraFamily expiry{"woad_certificate_expiry_timestamp_seconds",
                     "When the certificate ends, as Unix time; trust_bundle: its first root to.",
                     true,
                     {}};
  if (const TlsMaterial* material = own_material(running)) {
    expiry.samples.push_back({{{"name", "certificate"}}, seconds_of(material->not_after())});
    WallTime first = WallTime::max();
    for (const CertificateInfo& root : material->roots()) first = std::min(first, root.not_after);
    expiry.samples.push_back({{{"name", "trust_bundle"}}, seconds_of(first)});
  }
  std::vector<ExtraFamily> families{std::move(reloads)};
  if (!expiry.samples.empty()) families.push_back(std::move(expiry));
  return families;
}

void Certificates::log_ending(const Snapshot& running, WallTime now) {
  const TlsMaterial* material = own_material(running);
  if (material == nullptr || !is_ending(*material, now)) return;
  if (told_ending_ == material->svid()->sha256) return;
  told_ending_ = material->svid()->sha256;
  log_warn(ending_words(*material, now));
}

}  // namespace woad
