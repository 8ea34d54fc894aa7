// Every mistake is told once, in the document where it was made, at its line and column.
#include <doctest/doctest.h>

#include "proxy/control/documents/catalog_reading.h"
#include "tests/control/documents/documents.h"

using namespace woad;
using namespace woad::control;
using namespace woad::test;

namespace {

TEST_CASE("problems: at the place to mend") {
  const std::string bytes = "; the control plane makes it of the file's own bytes\n";
  struct Case {
    Documents documents;
    std::string problems;
  };
  const Case cases[] = {
      {{}, "mesh.yaml:0:0: there is no such document\n"},
      {{{"services/a.yaml", "servce: {}\n"}},
       "mesh.yaml:0:0: there is no such document\n"
       "services/a.yaml:1:1: unknown key; did you mean \"service\"?\n"},
      {{{"mesh.yaml", "limts: {}\n"}}, "mesh.yaml:1:1: unknown key; did you mean \"limits\"?\n"},
      {{{"mesh.yaml", "contrl: {}\n"}}, "mesh.yaml:1:1: unknown key; did you mean \"control\"?\n"},
      {{{"mesh.yaml", "[]\n"}}, "mesh.yaml:1:1: expected a map of settings, got a list\n"},
      {{{"mesh.yaml", "node: {}\nworkers: 2\n"}},
       "mesh.yaml:1:1: cannot stand in mesh.yaml; each pod says who it is: WOAD_SERVICE, "
       "WOAD_LABELS\n"},
      {{{"mesh.yaml", "version: 1\n"}}, "mesh.yaml:1:1: cannot stand in mesh.yaml" + bytes},
      {{{"mesh.yaml", "workers: 2\nservices: {}\n"}},
       "mesh.yaml:2:1: cannot stand in mesh.yaml; each service has a document of its own: "
       "services/<name>.yaml\n"},
      {{{"mesh.yaml", "workers: 1\nworkers: 2\n"}}, "mesh.yaml:2:1: this key is here already\n"},
      {{{"mesh.yaml", "limits:   { buffer: 1KiB }\n"}},
       "mesh.yaml:1:21: 1KiB is out of range: from 16KiB to 16MiB; sizes are 64KiB, 1MiB, 1GiB\n"},
      {{{"mesh.yaml", "workers: ${CORES}\n"}}, ""},
      {{{"mesh.yaml", "control: { lease: x }\nlimts: {}\n"}},
       "mesh.yaml:1:19: \"x\" is not a duration; durations are 250ms, 5s, 1m, 1h\n"
       "mesh.yaml:2:1: unknown key; did you mean \"limits\"?\n"},
      // Whether or not there is a service whose file would tell.
      {{{"mesh.yaml", "limits: { bufer: 1 }\n"}, {"services/a.yaml", "servce: {}\n"}},
       "mesh.yaml:1:11: unknown key; did you mean \"buffer\"?\n"
       "services/a.yaml:1:1: unknown key; did you mean \"service\"?\n"},
      {{{"mesh.yaml", "limits: { bufer: 1 }\n"}, {"services/a.yaml", "service: { hots: [] }\n"}},
       "mesh.yaml:1:11: unknown key; did you mean \"buffer\"?\n"
       "services/a.yaml:1:12: unknown key; did you mean \"hosts\"?\n"},
      {{{"mesh.yaml", "limits: { bufer: 1 }\n"}, {"services/a.yaml", "uses: [ b ]\n"}},
       "mesh.yaml:1:11: unknown key; did you mean \"buffer\"?\n"
       "services/a.yaml:1:9: no service is named \"b\"\n"},
      {{{"mesh.yaml", "routes: [ { to: a }, { to: b } ]\n"},
        {"services/a.yaml", "service: { hots: [] }\nsidecar: { services: { b: {} } }\n"}},
       "services/a.yaml:1:12: unknown key; did you mean \"hosts\"?\n"},
      {{{"mesh.yaml", "{}"},
        {"services/a.yaml", "uses: [ b, stok ]\n"},
        {"services/stock.yaml", ""}},
       "services/a.yaml:1:9: no service is named \"b\"\n"
       "services/a.yaml:1:12: no service is named \"stok\"; did you mean \"stock\"?\n"},
      {{{"mesh.yaml", ""}, {"services/a.yaml", ""}},
       "mesh.yaml:1:1: the document is empty; a mesh without settings is {}\n"},
      {{{"mesh.yaml", "# half\n"}, {"services/a.yaml", ""}},
       "mesh.yaml:1:1: the document is empty; a mesh without settings is {}\n"},
      {{{"mesh.yaml", "{}"}, {"services/a b.yaml", ""}},
       "services/a b.yaml:0:0: \"a b\" is not a name for a service; letters, digits, dots, - and "
       "_\n"},
      {{{"mesh.yaml", "{}"}, {"services/a.yaml", "sidecar: { limits: { bufer: 64KiB } }\n"}},
       "services/a.yaml:1:22: unknown key; did you mean \"buffer\"?\n"},
      {{{"mesh.yaml", "{}"}, {"services/a.yaml", "sidecar: { version: 1 }\n"}},
       "services/a.yaml:1:12: cannot stand here" + bytes},
      {{{"mesh.yaml", "{}"}, {"services/a.yaml", "service: []\n"}},
       "services/a.yaml:1:10: expected a map, got a list\n"},
      {{{"mesh.yaml", "{}"}, {"services/a.yaml", "service: { endpoints: x }\n"}},
       "services/a.yaml:1:23: expected a list of endpoints, got a text\n"},
      {{{"mesh.yaml", "{}"}, {"services/a.yaml", "sidecar: { services: { b: 5 } }\n"}},
       "services/a.yaml:1:27: expected a map, got a text\n"},
      {{{"mesh.yaml", "{}"}, {"services/a.yaml", "identities: [ x ]\n"}},
       "services/a.yaml:1:15: a pattern begins with spiffe://\n"},
      {{{"mesh.yaml", "{}"},
        {"services/a.yaml", ""},
        {"services/b.yaml", "service:\n  endpoints:\n    - { address: 10.0.0.1 }\n"}},
       "services/b.yaml:3:18: \"10.0.0.1\" is not an address: the port is missing; addresses are "
       "127.0.0.1:8080, [::1]:8080 or name:8080\n"},
      // A route of the mesh to what a service does not use.
      {{{"mesh.yaml", "routes: [ { to: b } ]\n"},
        {"services/a.yaml", "uses: []\n"},
        {"services/b.yaml", "uses: [ b ]\n"}},
       "mesh.yaml:1:17: no service is named \"b\"\n"},
      {{{"mesh.yaml", std::string((size_t{4} << 20) + 1, '\n')}},
       "mesh.yaml:0:0: the document is larger than 4 MiB\n"},
      {{{"mesh.yaml", "{}"}, {"discovered/a", "{\"service\":5}"}},
       "discovered/a:1:12: expected a map, got a text\n"},
  };
  for (const Case& each : cases) {
    CHECK(problems_of(*read(each.documents)) == each.problems);
  }
}

TEST_CASE("problems: one that all files have is one") {
  Documents documents = {{"mesh.yaml", "limits: { bufer: 1 }\n"}};
  for (int i = 0; i < 20; ++i) documents["services/s" + std::to_string(i) + ".yaml"] = "";
  const auto catalog = read(documents);
  REQUIRE(catalog->problems.size() == 1);
  CHECK(catalog->problems[0].service == "");
  CHECK(catalog->problems[0].path == "limits.bufer");
  CHECK(catalog->services.size() == 20);
  for (const auto& [name, service] : catalog->services) CHECK(service.skeleton == nullptr);
}

TEST_CASE("problems: a warning is told once, at its place, and is no problem") {
  Documents documents = {
      {"mesh.yaml",
       "inbound:\n  - { address: \"0.0.0.0:15006\", app: 127.0.0.1:8080, redirect: true }\n"}};
  for (const char* const more : {"", "", "servce: {}\n"}) {
    if (documents.size() > 1 || *more != '\0') {
      documents["services/s" + std::to_string(documents.size()) + ".yaml"] = more;
    }
    const auto catalog = read(documents);
    REQUIRE(catalog->warnings.size() == 1);
    const Problem& warning = catalog->warnings[0];
    CHECK(warning.document == "mesh.yaml");
    CHECK(warning.at == config::Location{2, 16});
    CHECK(warning.path == "inbound[0].address");
    CHECK(catalog->problems.size() == (*more == '\0' ? 0 : 1));
    documents["services/a.yaml"] = "";
  }
}

TEST_CASE("problems: whose file does not hold, and whose does") {
  const auto catalog = read({{"mesh.yaml", "{}"},
                             {"services/a.yaml", "uses: [ broken ]\n"},
                             {"services/b.yaml", "uses: []\n"},
                             {"services/broken.yaml", "uses: []\nservice: { protocol: x }\n"}});
  CHECK(catalog->services.at("a").skeleton == nullptr);
  CHECK(catalog->services.at("b").skeleton != nullptr);
  CHECK(catalog->services.at("broken").skeleton == nullptr);
  REQUIRE(catalog->problems.size() == 1);
  CHECK(catalog->problems[0].service == "broken");
  CHECK(catalog->problems[0].document == "services/broken.yaml");
}

TEST_CASE("problems: a document that its store cannot read") {
  auto documents = entries({{"mesh.yaml", "{}"}, {"services/a.yaml", ""}});
  documents.find("services/a.yaml")->second.error = "Permission denied";
  const auto catalog = Catalog::read(documents, {}, filter_registry(), nullptr);
  CHECK(problems_of(*catalog) == "services/a.yaml:0:0: Permission denied\n");
  CHECK(catalog->services.at("a").skeleton == nullptr);
}

TEST_CASE("problems: more services than there may be") {
  Documents documents = {{"mesh.yaml", "{}"}};
  for (size_t i = 0; i <= CatalogReading::kMostServices; ++i) {
    documents["services/s" + std::to_string(i) + ".yaml"] = "uses: []\n";
  }
  const auto catalog = read(documents);
  CHECK_FALSE(catalog->settings.has_value());
  CHECK(problems_of(*catalog) == "mesh.yaml:0:0: there are more than 5,000 services\n");
}

}  // namespace
