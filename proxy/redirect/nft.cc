#include "proxy/redirect/nft.h"

#include <dlfcn.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/redirect/nft_text.h"
#include "proxy/redirect/program.h"

namespace woad::redirect {
namespace {

constexpr char kLibrary[] = "libnftables.so.1";

// The functions of the library that are used, found by name.
struct Library {
  decltype(&nft_ctx_new) make = nullptr;
  decltype(&nft_ctx_free) free = nullptr;
  decltype(&nft_ctx_output_set_flags) set_output = nullptr;
  decltype(&nft_ctx_buffer_output) buffer_output = nullptr;
  decltype(&nft_ctx_buffer_error) buffer_error = nullptr;
  decltype(&nft_ctx_get_output_buffer) output = nullptr;
  decltype(&nft_ctx_get_error_buffer) error = nullptr;
  decltype(&nft_run_cmd_from_buffer) run = nullptr;
};

template <class F>
bool find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(dlsym(library, name));
  return function != nullptr;
}

class LibraryNft : public Nft {
 public:
  // Null when the library, or a function in it, is not here.
  static std::unique_ptr<Nft> open() {
    void* const handle = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);  // stays until the process ends
    Library library;
    if (handle == nullptr || !find(handle, "nft_ctx_new", library.make) ||
        !find(handle, "nft_ctx_free", library.free) ||
        !find(handle, "nft_ctx_output_set_flags", library.set_output) ||
        !find(handle, "nft_ctx_buffer_output", library.buffer_output) ||
        !find(handle, "nft_ctx_buffer_error", library.buffer_error) ||
        !find(handle, "nft_ctx_get_output_buffer", library.output) ||
        !find(handle, "nft_ctx_get_error_buffer", library.error) ||
        !find(handle, "nft_run_cmd_from_buffer", library.run)) {
      return nullptr;
    }
    nft_ctx* const context = library.make(NFT_CTX_DEFAULT);
    if (context == nullptr) return nullptr;
    return std::unique_ptr<Nft>(new LibraryNft(library, context));
  }
  ~LibraryNft() override { library_.free(context_); }

  Result<std::string> run(const std::string& commands) override {
    if (library_.run(context_, commands.c_str()) != 0) {
      return Error{"nftables: " + first_line(library_.error(context_))};
    }
    return std::string(library_.output(context_));
  }

 private:
  LibraryNft(const Library& library, nft_ctx* context) : library_(library), context_(context) {
    library_.set_output(context_, NFT_CTX_OUTPUT_NUMERIC_PROTO);
    library_.buffer_output(context_);
    library_.buffer_error(context_);
  }

  Library library_;
  nft_ctx* context_;
};

class ProgramNft : public Nft {
 public:
  explicit ProgramNft(std::string path) : path_(std::move(path)) {}

  Result<std::string> run(const std::string& commands) override {
    Result<ProgramEnd> end = run_program({path_, "-p", "-f", "-"}, commands);
    if (!end) return end.error();
    if (!end->good()) return Error{path_ + ": " + first_line(end->err)};
    return std::move(end->out);
  }

 private:
  std::string path_;
};

// The library ends the process when it gets no such socket.
Result<void> check_kernel() {
  const int probe = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  if (probe < 0) return Error{std::string("the kernel has no nftables: ") + std::strerror(errno)};
  close(probe);
  return {};
}

}  // namespace

Result<std::unique_ptr<Nft>> open_nft() {
  const Result<void> kernel = check_kernel();
  if (!kernel) return kernel.error();
  if (std::unique_ptr<Nft> library = LibraryNft::open()) return library;
  std::string program = find_program("nft");
  if (!program.empty()) return std::unique_ptr<Nft>(new ProgramNft(std::move(program)));
  return Error{std::string("neither ") + kLibrary +
               " (Debian: libnftables1) nor the nft program (nftables) is here"};
}

Result<Outcome> nft_install(Nft& nft, const std::string& table) {
  const Result<std::string> standing = nft.run(kNftList);
  if (standing && *standing == table) return Outcome::kUnchanged;
  const Result<std::string> done = nft.run(kNftRemove + table);
  if (!done) return done.error();
  return Outcome::kChanged;
}

Result<Outcome> nft_remove(Nft& nft) {
  if (!nft.run(kNftList)) return Outcome::kUnchanged;
  const Result<std::string> done = nft.run(kNftRemove);
  if (!done) return done.error();
  return Outcome::kChanged;
}

}  // namespace woad::redirect
