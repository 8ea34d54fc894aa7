#include "proxy/net/resolver.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "tests/net/harness.h"

namespace woad::test {
namespace {

// A DNS server that knows price.shop (two A records, one AAAA) and a name that a search list makes
// of it, and nothing else, on a thread.
class NameServer {
 public:
  NameServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const Address any = any_port();
    WOAD_ASSERT(::bind(socket_.get(), any.raw(), any.raw_size()) == 0);
    const timeval often{0, 20'000};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &often, sizeof often);
    thread_ = std::thread([this] { serve(); });
  }
  ~NameServer() {
    stop_ = true;
    thread_.join();
  }
  Address address() const { return local_address(socket_.get()); }

  std::atomic<bool> silent{false};

 private:
  void serve() {
    while (!stop_) {
      char question[512];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t count = ::recvfrom(socket_.get(), question, sizeof question, 0,
                                       reinterpret_cast<sockaddr*>(&from), &size);
      if (count < 12 || silent) continue;
      const std::string answer = reply(std::string(question, static_cast<size_t>(count)));
      ::sendto(socket_.get(), answer.data(), answer.size(), 0,
               reinterpret_cast<const sockaddr*>(&from), size);
    }
  }

  // RFC 1035 section 4: header, the question again, then the records.
  static std::string reply(const std::string& question) {
    const size_t name_end = question.find('\0', 12);
    const std::string name = question.substr(12, name_end - 12);
    const bool found_by_search = name == "\5price\4list\4test";
    const bool known = name == "\5price\4shop" || found_by_search;
    const char type = question[name_end + 2];
    std::string records;
    int count = 0;
    const auto record = [&](char ttl, const std::string& data) {
      records += std::string("\xc0\x0c\0", 3) + type + std::string("\0\1\0\0\0", 5) + ttl + '\0' +
                 static_cast<char>(data.size()) + data;
      ++count;
    };
    if (found_by_search && type == 1) {
      record(9, std::string("\x0a\0\0\3", 4));
    } else if (known && type == 1) {
      record(30, std::string("\x0a\0\0\2", 4));
      record(7, std::string("\x0a\0\0\1", 4));
    } else if (known && !found_by_search && type == 28) {
      record(60, std::string(15, '\0') + '\1');
    }
    std::string answer = question.substr(0, name_end + 5);
    answer[2] = '\x81';
    answer[3] = static_cast<char>(known ? 0x80 : 0x83);
    answer[7] = static_cast<char>(count);
    answer[9] = answer[11] = 0;
    return answer + records;
  }

  Fd socket_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct Fixture {
  // The answer as text: addresses and TTL, or the error.
  std::string ask(const std::string& name, uint16_t port = 80) {
    std::string text;
    const auto ticket = resolver.resolve(name, port, [&](const Result<ResolvedName>& answer) {
      if (!answer) {
        text = answer.error().message;
        return;
      }
      for (const Address& address : answer->addresses) text += address.to_string() + " ";
      text += std::to_string(answer->ttl / seconds(1)) + "s";
    });
    CHECK(text.empty());
    REQUIRE(run_until(loop, [&] { return !text.empty(); }));
    return text;
  }

  Loop loop;
  Resolver resolver{loop};
};

TEST_CASE_FIXTURE(Fixture, "what needs no server") {
  CHECK(ask("127.0.0.1", 8080) == "127.0.0.1:8080 60s");
  CHECK(ask("::1", 443) == "[::1]:443 60s");
  CHECK(ask("localhost", 1).starts_with("127.0.0.1:1 "));
  CHECK(ask("localhost", 1).ends_with(" 60s"));
  CHECK(ask("") == ": not a valid name");
  CHECK(ask(std::string(254, 'a')) == std::string(254, 'a') + ": not a valid name");
  CHECK(ask(std::string("a\0b", 3)).ends_with(": not a valid name"));
}

TEST_CASE_FIXTURE(Fixture, "what a server answers") {
  NameServer server;
  REQUIRE(resolver.use_server(server.address()));
  // The shortest TTL counts; IPv4 comes first.
  CHECK(ask("price.shop.", 9001) == "10.0.0.1:9001 10.0.0.2:9001 [::1]:9001 7s");
  CHECK(ask("unknown.shop.") == "unknown.shop.: no such name");
}

TEST_CASE("a name with a final dot is not looked for in the search list") {
  ::setenv("LOCALDOMAIN", "list.test", 1);  // for c-ares, over /etc/resolv.conf
  Fixture fixture;
  ::unsetenv("LOCALDOMAIN");
  NameServer server;
  REQUIRE(fixture.resolver.use_server(server.address()));
  CHECK(fixture.ask("price") == "10.0.0.3:80 9s");
  CHECK(fixture.ask("price.") == "price.: no such name");
  CHECK(fixture.ask("price.list.test.") == "10.0.0.3:80 9s");
  CHECK(fixture.ask("price.shop.").starts_with("10.0.0.1:80 "));
  CHECK(fixture.ask("localhost.", 1).starts_with("127.0.0.1:1 "));
  std::string longest = "b.";
  for (int i = 0; i < 4; ++i) longest.insert(0, std::string(62, 'a') + ".");  // 253 bytes and a dot
  CHECK(fixture.ask(longest).ends_with(": no such name"));
  CHECK(fixture.ask("b" + longest).ends_with(": not a valid name"));
}

TEST_CASE_FIXTURE(Fixture, "many questions at once, some of them dropped") {
  NameServer server;
  REQUIRE(resolver.use_server(server.address()));
  int answers = 0;
  std::vector<std::unique_ptr<Resolver::Ticket>> tickets;
  for (int i = 0; i < 20; ++i) {
    tickets.push_back(resolver.resolve("price.shop.", 1, [&](Result<ResolvedName>) { ++answers; }));
  }
  for (size_t i = 0; i < tickets.size(); i += 2) tickets[i].reset();
  REQUIRE(run_until(loop, [&] { return answers == 10; }));
  turns_in(loop, milliseconds(20));
  CHECK(answers == 10);
}

TEST_CASE("a resolver may go while it asks, and in its own answer") {
  NameServer server;
  server.silent = true;
  Loop loop;
  int answers = 0;
  auto resolver = std::make_unique<Resolver>(loop);
  REQUIRE(resolver->use_server(server.address()));
  auto pending = resolver->resolve("price.shop.", 1, [&](Result<ResolvedName>) { ++answers; });
  turns_in(loop, milliseconds(20));
  const auto local = resolver->resolve("127.0.0.1", 1, [&](Result<ResolvedName>) {
    ++answers;
    resolver.reset();
  });
  REQUIRE(run_until(loop, [&] { return answers == 1; }));
  turns_in(loop, milliseconds(20));
  CHECK(answers == 1);
  CHECK(resolver == nullptr);
}

}  // namespace
}  // namespace woad::test
