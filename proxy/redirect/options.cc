#include "proxy/redirect/options.h"

#include <pwd.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "config/diagnostics.h"
#include "proxy/base/strings.h"

namespace woad::redirect {
namespace {

Result<uint16_t> read_port(std::string_view option, std::string_view text) {
  const auto port = parse_decimal(text);
  if (!port || *port < 1 || *port > 65535) {
    return Error{std::string(option) + " " + config::in_quotes(text) +
                 " must be a port, 1 to 65535"};
  }
  return static_cast<uint16_t>(*port);
}

Result<uint16_t> read_own_port(std::string_view option, std::string_view text) {
  Result<uint16_t> port = read_port(option, text);
  if (port && std::ranges::find(kOwnPorts, *port) != std::end(kOwnPorts)) {
    return Error{std::string(option) + " " + config::in_quotes(text) +
                 " is a port of the sidecar's own pages; take another one"};
  }
  return port;
}

// Each item of a list by `read(option, item)`, in order, each once. An option that stands several
// times comes with a line each. An empty list is none, an empty item is an error.
template <class T>
Result<std::vector<T>> read_list(std::string_view option, std::string_view list,
                                 Result<T> (*read)(std::string_view, std::string_view)) {
  std::vector<T> items;
  if (trim(list).empty()) return items;
  for (size_t from = 0; from <= list.size();) {
    const size_t comma = std::min(list.find_first_of(",\n", from), list.size());
    Result<T> item = read(option, trim(list.substr(from, comma - from)));
    if (!item) return item.error();
    items.push_back(std::move(*item));
    from = comma + 1;
  }
  std::ranges::sort(items);
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return items;
}

Result<Network> read_network(std::string_view option, std::string_view text) {
  Result<Network> network = Network::parse(text);
  if (!network) return Error{std::string(option) + " " + network.error().message};
  return network;
}

std::vector<Network> without_contained(const std::vector<Network>& networks) {
  std::vector<Network> kept;
  for (const Network& one : networks) {
    const bool within = std::ranges::any_of(
        networks, [&](const Network& other) { return other != one && other.contains(one); });
    if (!within) kept.push_back(one);
  }
  return kept;
}

// uid_t's largest value stands for "no user" in the kernel.
constexpr uint64_t kLastUser = std::numeric_limits<uid_t>::max() - 1;

Result<uid_t> read_user(const std::string& text) {
  const auto number = parse_decimal(text);
  if (number && *number <= kLastUser) return static_cast<uid_t>(*number);
  // A single thread: the command line is read before anything runs.
  const passwd* const entry = number ? nullptr : getpwnam(text.c_str());
  if (entry != nullptr) return entry->pw_uid;
  return Error{"--user " + config::in_quotes(text) +
               " is no user of this system; write its number, 1337 say"};
}

std::optional<Backend> read_backend(std::string_view text) {
  if (text == "auto") return Backend::kAuto;
  if (text == "nft") return Backend::kNft;
  if (text == "iptables") return Backend::kIptables;
  return std::nullopt;
}

}  // namespace

Result<Options> read_options(const Words& words) {
  const auto inbound = read_own_port("--inbound", words.inbound);
  if (!inbound) return inbound.error();
  const auto outbound = read_own_port("--outbound", words.outbound);
  if (!outbound) return outbound.error();
  if (*inbound == *outbound) {
    return Error{"--inbound and --outbound are both " + std::to_string(*inbound) +
                 "; each needs a port of its own"};
  }
  const auto user = read_user(words.user);
  if (!user) return user.error();
  auto in = read_list("--exclude-inbound-ports", words.exclude_inbound_ports, read_port);
  if (!in) return in.error();
  auto out = read_list("--exclude-outbound-ports", words.exclude_outbound_ports, read_port);
  if (!out) return out.error();
  auto networks = read_list("--exclude-cidrs", words.exclude_cidrs, read_network);
  if (!networks) return networks.error();
  const auto backend = read_backend(words.backend);
  if (!backend) {
    return Error{"--backend " + config::in_quotes(words.backend) +
                 " must be auto, nft or iptables"};
  }
  return Options{*inbound,       *outbound,       *user,
                 std::move(*in), std::move(*out), without_contained(*networks),
                 *backend,       words.dry_run,   words.remove};
}

}  // namespace woad::redirect
