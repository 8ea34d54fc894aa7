#include "proxy/certs.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/net/local_ca/local_ca.h"
#include "proxy/net/tls/svid.h"
#include "proxy/net/tls/words.h"

namespace woad {
namespace {

struct Order {
  LocalCa::Leaf leaf;
  std::string name;  // the last segment of its path
  std::string out;
};

std::string in_folder(const CertsCommand& command, const std::string& name) {
  return std::filesystem::path(command.folder) / name;
}

// parse_command_line() has seen to it that each id is one, with a path.
std::vector<Order> orders_of(const CertsCommand& command) {
  std::vector<Order> orders;
  for (const std::string& id : command.ids) {
    const std::string name = id.substr(id.rfind('/') + 1);
    const std::string out = command.out.empty() ? in_folder(command, name) : command.out;
    orders.push_back({{id, command.dns, command.lifetime}, name, out});
  }
  return orders;
}

Result<void> check_orders(const LocalCa& ca, const std::vector<Order>& orders, WallTime now) {
  for (size_t i = 0; i < orders.size(); ++i) {
    const Order& order = orders[i];
    for (size_t j = 0; j < i; ++j) {
      if (orders[j].name != order.name || orders[j].leaf.id == order.leaf.id) continue;
      return Error{orders[j].leaf.id + " and " + order.leaf.id + " would both be " + order.out +
                   "; issue one of them in a call of its own with --out"};
    }
    Result<void> good = ca.check(order.leaf, order.out, now);
    if (!good) return good;
  }
  return {};
}

// A YAML scalar; in single quotes when it holds more than a path mostly does.
std::string scalar(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+@").find(c) != std::string_view::npos;
  };
  if (std::all_of(text.begin(), text.end(), plain)) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

std::string tls_block(const Order& order, const std::string& trust_domain) {
  std::error_code code;
  const std::filesystem::path folder =
      std::filesystem::absolute(order.out, code).lexically_normal();
  const auto line = [&](const char* key, const char* name) {
    return "  " + std::string(key) + ": " + scalar(folder / name) + "\n";
  };
  return "\n# in the woad.yaml of " + order.name + "\ntls:\n" + line("certificate", "tls.crt") +
         line("key", "tls.key") + line("trust_bundle", "ca.crt") +
         "  trust_domain: " + trust_domain + "\n";
}

std::string roots_words(const CertsCommand& command, const LocalCa& ca) {
  const std::string files = in_folder(command, "ca.crt, ca.key: ");
  if (ca.is_new()) return files + "a new CA of " + ca.trust_domain() + ", for trying and testing\n";
  if (command.new_root) {
    return files + "a new root signs from now on; all " + std::to_string(ca.roots()) +
           " are trusted until --drop-old-roots\n";
  }
  if (command.drop_old_roots) return files + "the newest root alone is trusted\n";
  return {};
}

}  // namespace

Result<std::string> run_certs(const CertsCommand& command, WallTime now) {
  const std::vector<Order> orders = orders_of(command);
  Result<LocalCa> ca =
      orders.empty()
          ? LocalCa::open(command.folder)
          : LocalCa::open_or_make(command.folder,
                                  parse_spiffe_id(orders.front().leaf.id)->trust_domain, now);
  if (!ca) return ca.error();
  Result<void> good = check_orders(*ca, orders, now);
  if (good && command.new_root && !ca->is_new()) good = ca->add_root(now);
  if (!good) return good.error();
  std::string issued;
  std::string blocks;
  for (const Order& order : orders) {
    const Result<WallTime> end = ca->issue(order.leaf, order.out, now);
    if (!end) return end.error();
    issued += order.out + "/tls.crt, tls.key, ca.crt: " + order.leaf.id + ", until " +
              utc_words(*end) + "\n";
    blocks += tls_block(order, ca->trust_domain());
  }
  if (command.drop_old_roots) good = ca->drop_old_roots();
  if (!good) return good.error();
  return roots_words(command, *ca) + issued + blocks;
}

}  // namespace woad
