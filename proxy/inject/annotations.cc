#include "proxy/inject/annotations.h"

#include <algorithm>
#include <array>

#include "config/diagnostics.h"
#include "proxy/base/json_reading.h"
#include "proxy/base/strings.h"
#include "proxy/inject/quantity.h"
#include "proxy/net/address.h"

namespace woad {
namespace {

constexpr std::string_view kPrefix = "woad.dev/";
constexpr const char* kInject = "woad.dev/inject";
constexpr const char* kDisabled = "disabled";
constexpr std::array<std::string_view, 11> kKnown = {kInject,
                                                     "woad.dev/service",
                                                     "woad.dev/config",
                                                     "woad.dev/exclude-inbound-ports",
                                                     "woad.dev/exclude-cidrs",
                                                     "woad.dev/exclude-outbound-ports",
                                                     "woad.dev/cpu-request",
                                                     "woad.dev/cpu-limit",
                                                     "woad.dev/memory-request",
                                                     "woad.dev/memory-limit",
                                                     kInjectedMark};

// Unknown annotations that are told of one by one: finding their places takes time.
constexpr size_t kMaxUnknown = 20;

bool is_port(std::string_view text) {
  const auto port = parse_decimal(text);
  return port && *port >= 1 && *port <= 65535;
}

bool is_network(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const auto address = Address::from_host(text.substr(0, slash), 0);
  const auto bits = parse_decimal(text.substr(slash + 1));
  return address && bits && *bits <= (text.find(':') == std::string_view::npos ? 32u : 128u);
}

class Reader {
 public:
  Reader(const Value& annotations, Pointer path, Report& report)
      : annotations_(annotations), path_(std::move(path)), report_(report) {}

  Wishes read() {
    Wishes wishes;
    check_inject();
    read_name("woad.dev/service", wishes.service, is_plain_name, "is no name of a service",
              "write letters, digits, '-', '_' and '.', such as price");
    read_name("woad.dev/config", wishes.config, is_object_name, "is no name of a ConfigMap",
              "write small letters, digits, '-' and '.', such as price-woad");
    read_list("exclude-inbound-ports", wishes, is_port, "is no port", "22,9100");
    read_list("exclude-outbound-ports", wishes, is_port, "is no port", "5432");
    read_list("exclude-cidrs", wishes, is_network, "is no network", "169.254.169.254/32,fd00::/8");
    for (const std::string what : {"cpu", "memory"}) {
      read_amount("woad.dev/" + what + "-request", what, wishes.requests);
      read_amount("woad.dev/" + what + "-limit", what, wishes.limits);
      compare(what, wishes);
    }
    warn_of_unknown();
    return wishes;
  }

 private:
  // nullptr: not there, or an error was added.
  const std::string* find(const std::string& name) {
    const auto found = annotations_.find(name);
    if (found == annotations_.end()) return nullptr;
    if (found->is_string()) return found->get_ptr<const std::string*>();
    error(name, "must be a text", "write it in quotes");
    return nullptr;
  }
  void error(const std::string& name, std::string message, std::string hint) {
    report_.errors.push_back({path_ / name, std::move(message), std::move(hint)});
  }

  void check_inject() {
    const std::string* const text = find(kInject);
    if (text == nullptr || *text == "enabled" || *text == kDisabled) return;
    error(kInject, config::in_quotes(*text) + " means nothing", "write enabled or disabled");
  }

  void read_name(const std::string& name, std::string& out, bool (*is_good)(std::string_view),
                 const char* what, const char* hint) {
    const std::string* const text = find(name);
    if (text == nullptr) return;
    if (!is_good(*text)) return error(name, config::in_quotes(*text) + " " + what, hint);
    out = *text;
  }

  void read_list(const std::string& what, Wishes& wishes, bool (*is_good)(std::string_view),
                 const char* wrong, const char* example) {
    const std::string name = "woad.dev/" + what;
    const std::string* const text = find(name);
    if (text == nullptr) return;
    std::string list;
    bool good = true;
    for_each_list_item(*text, [&](std::string_view item) {
      good = is_good(item);
      if (!good) {
        error(name, config::in_quotes(item) + " " + wrong,
              std::string("write them with commas, such as ") + example);
      }
      list += (list.empty() ? "" : ",") + std::string(item);
      return good;
    });
    if (good && !list.empty()) wishes.redirect.emplace_back("--" + what, list);
  }

  void read_amount(const std::string& name, const std::string& what,
                   std::map<std::string, std::string>& out) {
    const std::string* const text = find(name);
    if (text == nullptr) return;
    if (*text == "none") {
      out[what] = "";
    } else if (parse_quantity(*text)) {
      out[what] = *text;
    } else {
      error(name, config::in_quotes(*text) + " is no quantity",
            what == "cpu" ? "write 10m or 0.5, or none" : "write 16Mi or 1Gi, or none");
    }
  }

  void compare(const std::string& what, const Wishes& wishes) {
    const auto request = wishes.requests.find(what);
    const auto limit = wishes.limits.find(what);
    if (request == wishes.requests.end() || limit == wishes.limits.end() ||
        request->second.empty() || limit->second.empty() ||
        *parse_quantity(request->second) <= *parse_quantity(limit->second)) {
      return;
    }
    error("woad.dev/" + what + "-request",
          config::in_quotes(request->second) + " is more than the limit, " +
              config::in_quotes(limit->second),
          "raise woad.dev/" + what + "-limit");
  }

  void warn_of_unknown() {
    size_t count = 0;
    for (const auto& item : annotations_.items()) {
      const std::string& name = item.key();
      if (!name.starts_with(kPrefix)) continue;
      if (std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end()) continue;
      if (++count <= kMaxUnknown) warn_of_unknown(name);
    }
    if (count <= kMaxUnknown) return;
    report_.warnings.push_back({path_, std::to_string(count - kMaxUnknown) +
                                           " more below woad.dev/ are none that woad knows"});
  }

  void warn_of_unknown(const std::string& name) {
    const std::string hint = name == "woad.dev/color"
                                 ? "the colour is a label of the pod"
                                 : config::did_you_mean(name, {kKnown.begin(), kKnown.end() - 1});
    report_.warnings.push_back(
        {path_ / name, "is no annotation that woad knows", hint, Finding::At::kKey});
  }

  const Value& annotations_;
  Pointer path_;
  Report& report_;
};

}  // namespace

bool is_disabled(const Value& pod) {
  const Value& annotation = json::at(pod, "metadata", "annotations", kInject);
  const Value& says =
      annotation.is_null() ? json::at(pod, "metadata", "labels", kInject) : annotation;
  return says == kDisabled;
}

Wishes read_wishes(const Value& pod, const Pointer& path, Report& report) {
  const Value& annotations = json::at(pod, "metadata", "annotations");
  const Pointer place = path / "metadata" / "annotations";
  if (!annotations.is_null() && !annotations.is_object()) {
    report.errors.push_back({place, "must be a map of texts"});
  }
  return Reader(annotations, place, report).read();
}

}  // namespace woad
