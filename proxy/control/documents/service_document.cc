#include "proxy/control/documents/service_document.h"

#include <utility>

#include "config/table.h"
#include "config/values.h"
#include "proxy/control/documents/settings_table.h"

namespace woad::control {
namespace {

using config::Located;
using config::Node;

// As it is written.
struct Written {
  Node service;
  Node sidecar;
  std::optional<std::vector<Located<std::string>>> uses;
  std::vector<std::string> identities;
  std::string name;
  std::string name_space;
  std::string port_of;
};

// Words that become part of a map.
config::Shape<Node> map_of_words() {
  return {"any",
          [] { return std::string("{}"); },
          [](const Node& node, Node& out, config::Diagnostics& diagnostics) {
            out = node;
            return config::detail::want_map(node, "a map", diagnostics);
          },
          {}};
}

// The words under `services.<name>`, as far as a file cannot tell of them.
void check_words(const Node& service, config::Diagnostics& diagnostics) {
  if (!config::detail::want_map(service, "a map", diagnostics)) return;
  const Node endpoints = service.find("endpoints");
  if (endpoints) config::detail::want_seq(endpoints, "a list of endpoints", diagnostics);
}

void check(const Written& written, const Node&, config::Diagnostics& diagnostics) {
  if (written.service) check_words(written.service, diagnostics);
  if (const Node version = written.sidecar.find("version")) {
    diagnostics.error_at_key(version, "cannot stand here",
                             "the control plane makes it of the file's own bytes");
  }
  const Node services = written.sidecar.find("services");
  if (!services || !config::detail::want_map(services, "a map of services", diagnostics)) return;
  for (const Node service : services.items()) check_words(service, diagnostics);
}

const config::Table<Written>& document_table() {
  static const config::Table<Written> table{
      {{"service", &Written::service, map_of_words(), "How callers see it."},
       {"sidecar", &Written::sidecar, map_of_words(),
        "What its own sidecars have on top of the mesh."},
       {"uses", &Written::uses,
        config::optional_of(config::list_of(config::located(config::name()))),
        "The services that it may call; left out: every other one."},
       {"identities", &Written::identities, config::list_of(identity_pattern()),
        "SPIFFE patterns of those who may have its file and register for it."}},
      check};
  return table;
}

const config::Table<Written>& discovered_table() {
  static const config::Table<Written> table{
      {{"name", &Written::name, config::name(), "Its name where it was found."},
       {"namespace", &Written::name_space, config::text(), "Where it was found."},
       {"port_of", &Written::port_of, config::text(), "The service of which it is a further port."},
       {"service", &Written::service, map_of_words(), "How callers see it."}},
      check};
  return table;
}

std::optional<Written> read(const config::Table<Written>& table, const Source& source,
                            Sources& sources) {
  config::Diagnostics diagnostics(source.origin);
  Written written;
  table.decode(source.root(), written, diagnostics);
  sources.complain(source, diagnostics);
  return diagnostics.ok() ? std::optional(std::move(written)) : std::nullopt;
}

}  // namespace

std::optional<ServiceDocument> read_service(const Source& source, Sources& sources) {
  auto written = read(document_table(), source, sources);
  if (!written) return std::nullopt;
  ServiceDocument document;
  document.service = value_of(written->service, source.index);
  document.sidecar = value_of(written->sidecar, source.index);
  document.identities = std::move(written->identities);
  if (!written->uses) return document;
  auto& uses = document.uses.emplace();
  for (const auto& use : *written->uses) {
    uses.push_back({*use, {source.index, use.node.location()}});
  }
  return document;
}

std::optional<DiscoveredService> read_discovered(const Source& source, Sources& sources) {
  auto written = read(discovered_table(), source, sources);
  if (!written) return std::nullopt;
  return DiscoveredService{std::move(written->name), std::move(written->name_space),
                           std::move(written->port_of), value_of(written->service, source.index)};
}

std::string fault_of_service_name(std::string_view name) {
  if (config::parse_host_port(std::string(name) + ":1")) return {};
  return config::in_quotes(name) + " is not a name for a service; letters, digits, dots, - and _";
}

}  // namespace woad::control
