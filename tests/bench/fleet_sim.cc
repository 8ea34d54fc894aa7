// Many sidecars of a fleet in one process: the member of each (proxy/member) with its own
// connection to a control plane, its file in a folder, and nothing behind it: what it takes runs at
// once.
//
//   fleet_sim FOLDER URLS SERVICES INSTANCES [TLS-DIR]
// A line of JSON each 200 ms: how many are connected and registered, which versions how many run,
// and how often a file came.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "config/document.h"
#include "config/load.h"
#include "proxy/member/member.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls/context.h"

namespace woad {
namespace {

constexpr Duration kTell = milliseconds(200);
constexpr Duration kSpread = seconds(5);  // starts are spread over it

// Work of one sidecar after the other, on the loop itself: the files are small, and nobody else is
// served here.
class Inline final : public Background {
 public:
  explicit Inline(Loop& loop) : loop_(loop) {}
  void run(std::function<void()> work, std::function<void()> done) override {
    loop_.post([work = std::move(work), done = std::move(done)] {
      work();
      done();
    });
  }

 private:
  Loop& loop_;
};

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "fleet_sim: %s\n", why.c_str());
  std::exit(1);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Fleet {
  Loop& loop;
  BlockPool& blocks;
  TlsContext::Ptr tls;
  std::shared_ptr<const TlsClientOptions> tls_options;
  std::map<std::string, size_t> versions{};
  size_t files = 0;
  size_t connects = 0;
};

class Sidecar final : private MemberHost {
 public:
  Sidecar(Fleet& fleet, const std::string& folder, MemberSettings settings, uint64_t seed)
      : fleet_(fleet),
        path_(folder + "/" + settings.instance + ".yaml"),
        node_{settings.service, settings.instance},
        background_(fleet.loop),
        member_({fleet.loop.scheduler(), background_, *this},
                LocalFile(path_, [this](const std::string&) { return check(); }),
                std::move(settings), seed),
        start_(fleet.loop.scheduler().timers(), bind_timer<&Member::start>(&member_)) {
    start_.arm(Duration(static_cast<int64_t>(seed % static_cast<uint64_t>(kSpread.count()))));
  }

  MemberStatus status() const { return member_.status(); }

 private:
  // Every file is good, and runs a moment later.
  Result<LocalFile::Node> check() {
    fleet_.loop.post([this] { adopt(); });
    return node_;
  }
  void adopt() {
    const std::string text = read_file(path_);
    const size_t at = text.find("version: ");
    const std::string version = at == std::string::npos ? "" : text.substr(at + 9, 14);
    if (runs_ && --fleet_.versions[*runs_] == 0) fleet_.versions.erase(*runs_);
    runs_ = version;
    ++fleet_.versions[version];
    ++fleet_.files;
    member_.on_judged(config::content_hash(text), "");
  }

  Result<std::unique_ptr<HttpClient>> connect(const Url& url) override {
    ++fleet_.connects;
    return std::make_unique<HttpClient>(
        fleet_.loop, fleet_.blocks,
        HttpClientOptions{.origin = url, .tls = fleet_.tls, .tls_options = fleet_.tls_options});
  }
  bool outdated() const override { return false; }
  std::optional<Serving> serving() const override {
    return runs_ ? std::optional(Serving{15006, {}}) : std::nullopt;
  }
  void on_good_file() override {}
  void on_no_file() override {}
  void on_no_way(const std::string& why) override { die(node_.instance + ": " + why); }

  Fleet& fleet_;
  const std::string path_;
  const LocalFile::Node node_;
  std::optional<std::string> runs_;  // its version
  Inline background_;
  Member member_;
  Timer start_;
};

class Simulation {
 public:
  Simulation(Fleet& fleet, std::string folder, const MemberSettings& settings, size_t services,
             size_t instances)
      : fleet_(fleet),
        timer_(fleet.loop.scheduler().timers(), bind_timer<&Simulation::tell>(this)) {
    std::mt19937_64 seeds(1);
    for (size_t service = 0; service < services; ++service) {
      for (size_t instance = 0; instance < instances; ++instance) {
        const size_t number = service * instances + instance;
        MemberSettings mine = settings;
        mine.service = "s" + std::to_string(service);
        mine.instance = mine.service + "-" + std::to_string(instance);
        mine.advertised = {"10." + std::to_string(number >> 16) + "." +
                               std::to_string(number >> 8 & 255) + "." +
                               std::to_string(number & 255),
                           15006};
        // Half of them begin at each replica.
        std::rotate(mine.urls.begin(),
                    mine.urls.begin() + static_cast<ptrdiff_t>(number % mine.urls.size()),
                    mine.urls.end());
        sidecars_.push_back(std::make_unique<Sidecar>(fleet, folder, std::move(mine), seeds()));
      }
    }
    timer_.arm(kTell);
  }

 private:
  void tell() {
    size_t connected = 0;
    for (const auto& sidecar : sidecars_) connected += sidecar->status().connected ? 1 : 0;
    const nlohmann::json line = {{"connected", connected},
                                 {"connects", fleet_.connects},
                                 {"files", fleet_.files},
                                 {"versions", fleet_.versions}};
    std::printf("%s\n", line.dump().c_str());
    std::fflush(stdout);
    timer_.arm(kTell);
  }

  Fleet& fleet_;
  Timer timer_;
  std::vector<std::unique_ptr<Sidecar>> sidecars_;
};

int run(const std::vector<std::string>& words) {
  const auto settings = member_settings({words[1], true, "", true}, config::Environment::none());
  if (!settings || !*settings) die("the URLs are not good");
  BlockPool blocks;
  Loop loop;
  Fleet fleet{loop, blocks, nullptr, nullptr};
  if (words.size() > 4) {
    const auto pem = [&](const char* name) {
      auto read = read_pem_file(words[4] + "/" + name);
      if (!read) die(read.error().message);
      return std::move(*read);
    };
    const auto material = TlsMaterial::identity(pem("tls.crt"), pem("tls.key"), pem("ca.crt"),
                                                "bench.woad", std::chrono::system_clock::now());
    if (!material) die(material.error().message);
    fleet.tls = *TlsContext::make(*material);
    auto options = std::make_shared<TlsClientOptions>();
    options->alpn = alpn_wire({"http/1.1"});
    fleet.tls_options = std::move(options);
  }
  Simulation simulation(fleet, words[0], **settings, std::stoul(words[2]), std::stoul(words[3]));
  loop.run();
  return 0;
}

}  // namespace
}  // namespace woad

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 4) woad::die("fleet_sim FOLDER URLS SERVICES INSTANCES [TLS-DIR]");
  return woad::run(words);
}
