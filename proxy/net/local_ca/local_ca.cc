#include "proxy/net/local_ca/local_ca.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "proxy/net/local_ca/x509_maker.h"
#include "proxy/net/replace_file.h"
#include "proxy/net/socket.h"
#include "proxy/net/tls/pem.h"
#include "proxy/net/tls/svid_x509.h"
#include "proxy/net/tls/words.h"

namespace woad {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kPublic = 0644;
constexpr mode_t kSecret = 0600;
constexpr Duration kRootLifetime = hours(24 * 3652);
// Certificates begin a little in the past: the clocks of two machines are never the same.
constexpr Duration kBackdate = minutes(1);

bool exists(const std::string& path) {
  std::error_code code;
  return fs::symlink_status(path, code).type() != fs::file_type::not_found;
}

Result<void> make_folder(const std::string& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) return Error{folder + ": " + error_words(code.value())};
  return {};
}

// The folders beside the CA that hold a workload's files.
Result<std::vector<std::string>> workloads_in(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    if (exists(at->path() / "tls.crt")) found.push_back(at->path());
  }
  if (code) return Error{folder + ": " + error_words(code.value())};
  return found;
}

Result<X509Ptr> first_certificate(const std::string& path) {
  const Result<PemText> text = read_pem_file(path);
  if (!text) return text.error();
  Result<std::vector<X509Ptr>> all = read_certificates(*text);
  if (!all) return all.error();
  return std::move(all->front());
}

// A folder of another workload is not written over.
Result<void> check_owner(const std::string& out, const std::string& id) {
  const std::string path = out + "/tls.crt";
  if (!exists(path)) return {};
  const Result<X509Ptr> there = first_certificate(path);
  if (!there) return there.error();
  const Result<std::string> owner = read_uri_san(there->get());
  if (owner && *owner == id) return {};
  return Error{out + " holds the certificate of " +
               (owner ? in_quotes(*owner) : subject_words(there->get())) + "; " + id +
               " needs a folder of its own (--out)"};
}

}  // namespace

struct LocalCa::Native {
  std::string folder;
  Fd lock;  // of the folder
  std::string trust_domain;
  KeyPtr key;
  std::vector<X509Ptr> roots;  // oldest first
  X509* signer = nullptr;      // the root of `key`
  bool is_new = false;

  std::string roots_path() const { return folder + "/ca.crt"; }
  std::string key_path() const { return folder + "/ca.key"; }
  std::string bundle() const {
    std::string text;
    for (const X509Ptr& root : roots) text += to_pem(root.get());
    return text;
  }
};

LocalCa::LocalCa(std::unique_ptr<Native> native) : native_(std::move(native)) {}
LocalCa::LocalCa(LocalCa&&) noexcept = default;
LocalCa::~LocalCa() = default;

const std::string& LocalCa::trust_domain() const { return native_->trust_domain; }
bool LocalCa::is_new() const { return native_->is_new; }
size_t LocalCa::roots() const { return native_->roots.size(); }

Result<LocalCa> LocalCa::lock(const std::string& folder) {
  init_openssl();
  auto native = std::make_unique<Native>();
  native->folder = folder;
  native->lock = Fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!native->lock.valid() || ::flock(native->lock.get(), LOCK_EX) != 0) {
    return Error{folder + ": " + error_words(errno)};
  }
  return LocalCa(std::move(native));
}

Result<LocalCa> LocalCa::open(const std::string& folder) {
  Result<LocalCa> ca = lock(folder);
  if (!ca) return ca;
  const Result<void> loaded = ca->load();
  if (!loaded) return loaded.error();
  return ca;
}

Result<LocalCa> LocalCa::open_or_make(const std::string& folder, std::string_view trust_domain,
                                      WallTime now) {
  Result<void> good = check_trust_domain(trust_domain);
  if (good) good = make_folder(folder);
  if (!good) return good.error();
  Result<LocalCa> ca = lock(folder);
  if (!ca) return ca;
  Native& native = *ca->native_;
  if (exists(native.roots_path()) || exists(native.key_path())) {
    good = ca->load();
    if (good && native.trust_domain != trust_domain) {
      good = Error{folder + " holds the CA of the trust domain " + native.trust_domain +
                   "; a CA of " + std::string(trust_domain) + " needs a folder of its own (--dir)"};
    }
  } else {
    native.trust_domain = trust_domain;
    native.is_new = true;
    good = ca->add_root(now);
  }
  if (!good) return good.error();
  return ca;
}

Result<void> LocalCa::load() {
  const Result<PemText> roots = read_pem_file(native_->roots_path());
  if (!roots) return roots.error();
  const Result<PemText> key = read_pem_file(native_->key_path());
  if (!key) return key.error();
  Result<std::vector<X509Ptr>> certificates = read_certificates(*roots);
  if (!certificates) return certificates.error();
  Result<KeyPtr> private_key = read_private_key(*key);
  if (!private_key) return private_key.error();
  native_->roots = std::move(*certificates);
  native_->key = std::move(*private_key);
  for (const X509Ptr& root : native_->roots) {
    if (X509_check_private_key(root.get(), native_->key.get()) == 1) native_->signer = root.get();
  }
  ERR_clear_error();
  if (native_->signer == nullptr) {
    return Error{native_->key_path() + ": is the key of no certificate in " + roots->name};
  }
  const Result<std::string> uri = read_uri_san(native_->signer);
  const Result<SpiffeId> id = uri ? parse_spiffe_id(*uri) : Result<SpiffeId>(uri.error());
  if (!id) return Error{roots->name + ": was not made by woad certs: " + id.error().message};
  native_->trust_domain = id->trust_domain;
  return {};
}

Result<void> LocalCa::check(const Leaf& leaf, const std::string& out, WallTime now) const {
  const Result<SpiffeId> id = parse_spiffe_id(leaf.id);
  if (!id) return id.error();
  if (id->path.empty()) {
    return Error{leaf.id + " names a whole trust domain; a workload has a path"};
  }
  if (id->trust_domain != trust_domain()) {
    return Error{leaf.id + " is not of the trust domain " + trust_domain()};
  }
  const auto end = wall_time(X509_get0_notAfter(native_->signer));
  if (!end || leaf.lifetime > *end - now) {
    return Error{native_->roots_path() + ": the newest root ends before a certificate of " +
                 leaf.id + " would; ask for less, or for a new root (--new-root)"};
  }
  return check_owner(out, leaf.id);
}

Result<WallTime> LocalCa::issue(const Leaf& leaf, const std::string& out, WallTime now) const {
  Result<void> good = check(leaf, out, now);
  if (good) good = make_folder(out);
  if (!good) return good.error();
  const KeyPtr key = make_p256_key();
  const std::string subject = leaf.id.substr(leaf.id.rfind('/') + 1);
  const WallTime end = now + leaf.lifetime;
  const Result<X509Ptr> certificate =
      make_leaf(key.get(), {subject, leaf.id, leaf.dns}, now - kBackdate, end, native_->signer,
                native_->key.get());
  if (!certificate) return certificate.error();
  good = replace_file(out + "/ca.crt", native_->bundle(), kPublic);
  if (good) good = replace_file(out + "/tls.key", to_pem(key.get()), kSecret);
  if (good) good = replace_file(out + "/tls.crt", to_pem(certificate->get()), kPublic);
  if (!good) return good.error();
  return end;
}

// The roots first: without its certificate a key is worth nothing, while a root that nobody signs
// with does no harm.
Result<void> LocalCa::add_root(WallTime now) {
  KeyPtr key = make_p256_key();
  Result<X509Ptr> root =
      make_root(key.get(), native_->trust_domain, now - kBackdate, now + kRootLifetime);
  if (!root) return root.error();
  native_->roots.push_back(std::move(*root));
  native_->signer = native_->roots.back().get();
  native_->key = std::move(key);
  const Result<void> saved = save_roots();
  if (!saved) return saved.error();
  return replace_file(native_->key_path(), to_pem(native_->key.get()), kSecret);
}

Result<void> LocalCa::drop_old_roots() {
  const Result<std::vector<std::string>> workloads = workloads_in(native_->folder);
  if (!workloads) return workloads.error();
  for (const std::string& workload : *workloads) {
    const Result<X509Ptr> leaf = first_certificate(workload + "/tls.crt");
    if (!leaf) return leaf.error();
    const bool ours = X509_verify(leaf->get(), native_->key.get()) == 1;
    ERR_clear_error();
    if (!ours) {
      return Error{workload +
                   "/tls.crt is signed by an old root; issue it anew first, or delete "
                   "its folder"};
    }
  }
  std::erase_if(native_->roots,
                [this](const X509Ptr& root) { return root.get() != native_->signer; });
  return save_roots();
}

Result<void> LocalCa::save_roots() const {
  const Result<std::vector<std::string>> workloads = workloads_in(native_->folder);
  if (!workloads) return workloads.error();
  const std::string bundle = native_->bundle();
  Result<void> saved = replace_file(native_->roots_path(), bundle, kPublic);
  for (const std::string& workload : *workloads) {
    if (saved) saved = replace_file(workload + "/ca.crt", bundle, kPublic);
  }
  return saved;
}

}  // namespace woad
