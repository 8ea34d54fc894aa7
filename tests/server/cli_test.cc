#include "proxy/cli.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

Command parse(std::vector<std::string> arguments) {
  return parse_command_line(std::move(arguments));
}

TEST_CASE("usage errors end with 2 and a sentence") {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"run"},
      {"nonsense"},
      {"validate"},
      {"validate", "--nonsense"},
      {"validate", "-c"},
      {"validate", "-c", "a", "b"},
      {"validate", "-c", "a", "--format", "xml"},
      {"explain", "-c", "a"},
      {"explain", "-c", "a", "-X", "G T", "http://x/"},
      {"explain", "-c", "a", "-H", "no colon", "http://x/"},
      {"explain", "-c", "a", "-H", ": v", "http://x/"},
      {"wait", "--timeout", "5"},
      {"wait", "--admin", "price:1"},
      {"wait", "--admin", "127.0.0.1"},
      {"wait", "--admin", "127.0.0.1:99999"},
      {"drain", "--admin", "price:1"},
      {"run", "-c", "a", "--control-plane"},
      {"certs"},
      {"certs", "--dir", "d"},
      {"certs", "--id", "cart"},
      {"certs", "--id", "spiffe://example.org"},
      {"certs", "--id", "spiffe://example.org/a", "--id", "spiffe://example.com/b"},
      {"certs", "--id", "spiffe://a/b", "--id", "spiffe://a/c", "--out", "o"},
      {"certs", "--id", "spiffe://a/b", "--id", "spiffe://a/c", "--dns", "b"},
      {"certs", "--id", "spiffe://a/b", "--dns", "b c"},
      {"certs", "--new-root", "--out", "o"},
      {"certs", "--new-root", "--drop-old-roots"},
      {"certs", "--id", "spiffe://a/b", "--ttl", "24"},
      {"certs", "--id", "spiffe://a/b", "--ttl", "0s"},
      {"certs", "--id", "spiffe://a/b", "c"},
      {"redirect", "extra"},
      {"redirect", "--nonsense"},
      {"redirect", "--inbound", "70000"},
      {"redirect", "--user", "nobody-of-that-name"},
      {"redirect", "--exclude-cidrs", "10.0.0.0/40"},
      {"redirect", "--exclude-cidrs", ","},
      {"redirect", "--exclude-inbound-ports", "22,"},
      {"redirect", "--exclude-inbound-ports", "22,,23"},
      {"redirect", "--exclude-outbound-ports", ","},
      {"redirect", "--backend", "ebpf"},
      {"version", "extra"},
      {"-c"},
  };
  for (const auto& arguments : cases) {
    std::string shown;
    for (const std::string& argument : arguments) shown += argument + " ";
    CAPTURE(shown);
    const Command command = parse(arguments);
    const auto* printed = std::get_if<PrintCommand>(&command);
    REQUIRE(printed != nullptr);
    CHECK(printed->exit_code == 2);
    CHECK(printed->text.starts_with("woad: "));
  }
}

TEST_CASE("an unknown command gets a hint") {
  CHECK(std::get<PrintCommand>(parse({"validat"})).text.find("did you mean \"validate\"?") !=
        std::string::npos);
  CHECK(std::get<DrainCommand>(parse({"drain"})).admin.to_string() == "127.0.0.1:15000");
}

TEST_CASE("a control plane, and how it is spoken to") {
  const auto run = std::get<RunCommand>(
      parse({"-c", "a", "--control-plane", "https://a,https://b", "--register",
             "--control-plane-identity", "spiffe://x/y", "--control-plane-insecure"}));
  CHECK(run.member.urls == "https://a,https://b");
  CHECK(run.member.registers);
  CHECK(run.member.identity == "spiffe://x/y");
  CHECK(run.member.insecure);
  CHECK(std::get<RunCommand>(parse({"-c", "a"})).member.urls.empty());
}

TEST_CASE("run is the default command") {
  CHECK(std::get<RunCommand>(parse({"run", "-c", "woad.yaml"})).config == "woad.yaml");
  CHECK(std::get<RunCommand>(parse({"-c", "woad.yaml"})).config == "woad.yaml");
  CHECK(std::get<RunCommand>(parse({"--config=woad.yaml"})).config == "woad.yaml");
}

TEST_CASE("validate") {
  CHECK_FALSE(std::get<ValidateCommand>(parse({"validate", "-c", "a"})).json);
  CHECK_FALSE(std::get<ValidateCommand>(parse({"validate", "-c", "a", "--format", "text"})).json);
  CHECK(std::get<ValidateCommand>(parse({"validate", "--format", "json", "-c", "a"})).json);
}

TEST_CASE("explain") {
  const auto plain = std::get<ExplainCommand>(parse({"explain", "-c", "a", "http://price/"}));
  CHECK(plain.method == "GET");
  CHECK(plain.url == "http://price/");
  CHECK_FALSE(plain.json);

  const auto full =
      std::get<ExplainCommand>(parse({"explain", "-c", "a", "-X", "POST", "-H", "x-a:  1 ", "-H",
                                      "x-b: c:d", "--json", "http://price/"}));
  CHECK(full.method == "POST");
  CHECK(full.json);
  REQUIRE(full.headers.size() == 2);
  CHECK(full.headers[0] == std::pair<std::string, std::string>("x-a", "1"));
  CHECK(full.headers[1] == std::pair<std::string, std::string>("x-b", "c:d"));
  CHECK(full.url == "http://price/");
}

TEST_CASE("wait") {
  const auto plain = std::get<WaitCommand>(parse({"wait"}));
  CHECK(plain.timeout == seconds(30));
  CHECK(plain.admin.to_string() == "127.0.0.1:15000");
  const auto full =
      std::get<WaitCommand>(parse({"wait", "--timeout", "200ms", "--admin", "localhost:99"}));
  CHECK(full.timeout == milliseconds(200));
  CHECK(full.admin.to_string() == "127.0.0.1:99");
  CHECK(std::get<WaitCommand>(parse({"wait", "--admin", "[::1]:99"})).admin.to_string() ==
        "[::1]:99");
}

TEST_CASE("certs") {
  const auto plain = std::get<CertsCommand>(parse({"certs", "--id", "spiffe://a/b"}));
  CHECK(plain.folder == "certs");
  CHECK(plain.ids == std::vector<std::string>{"spiffe://a/b"});
  CHECK(plain.lifetime == hours(24));
  CHECK(plain.out.empty());
  CHECK_FALSE(plain.new_root);

  const auto full = std::get<CertsCommand>(
      parse({"certs", "--dir", "d", "--id", "spiffe://a/b", "--ttl", "30s", "--out", "o", "--dns",
             "b.shop", "--dns", "b", "--drop-old-roots"}));
  CHECK(full.folder == "d");
  CHECK(full.lifetime == seconds(30));
  CHECK(full.out == "o");
  CHECK(full.dns == std::vector<std::string>{"b.shop", "b"});
  CHECK(full.drop_old_roots);

  const auto many =
      std::get<CertsCommand>(parse({"certs", "--id", "spiffe://a/b", "--id", "spiffe://a/c"}));
  CHECK(many.ids.size() == 2);
  CHECK(std::get<CertsCommand>(parse({"certs", "--new-root"})).new_root);
  CHECK(std::get<PrintCommand>(parse({"certs", "--help"})).text.find("for trying and testing") !=
        std::string::npos);
}

TEST_CASE("redirect") {
  const auto command = std::get<RedirectCommand>(
      parse({"redirect", "--exclude-inbound-ports", "22", "--exclude-inbound-ports", "80,443",
             "--backend", "nft", "--dry-run"}));
  CHECK(command.options.exclude_inbound == std::vector<uint16_t>{22, 80, 443});
  CHECK(command.options.backend == redirect::Backend::kNft);
  CHECK(command.options.dry_run);
  CHECK_FALSE(command.options.remove);
  CHECK(std::get<RedirectCommand>(parse({"redirect", "--remove"})).options.remove);
}

TEST_CASE("version and help") {
  CHECK(std::get<PrintCommand>(parse({"version"})).text.starts_with("woad "));
  for (const char* word : {"--help", "-h", "--version", "version"}) {
    CHECK(std::get<PrintCommand>(parse({word})).exit_code == 0);
  }
  const std::string help = std::get<PrintCommand>(parse({"--help"})).text;
  for (const char* word :
       {"run", "validate", "explain", "wait", "drain", "certs", "redirect", "version"}) {
    CHECK(help.find(word) != std::string::npos);
  }
  CHECK(std::get<PrintCommand>(parse({"explain", "--help"})).text.find("-H") != std::string::npos);
}

}  // namespace
}  // namespace woad
