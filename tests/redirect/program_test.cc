#include "proxy/redirect/program.h"

#include <doctest/doctest.h>

namespace woad::redirect {
namespace {

TEST_CASE("a program reads, writes and ends") {
  const auto end = run_program({find_program("sh"), "-c", "cat; echo said >&2; exit 3"}, "given");
  REQUIRE(end);
  CHECK(end->status == 3);
  CHECK(end->out == "given");
  CHECK(end->err == "said\n");
}

TEST_CASE("more than a pipe holds goes both ways") {
  const std::string much(1 << 20, 'x');
  const auto end = run_program({find_program("cat")}, much);
  REQUIRE(end);
  CHECK(end->good());
  CHECK(end->out == much);
}

TEST_CASE("a signal is an end") {
  CHECK(run_program({find_program("sh"), "-c", "kill -9 $$"}, "")->status == 128 + 9);
}

TEST_CASE("a program that is not there") {
  CHECK(find_program("no-program-of-this-name").empty());
  const auto end = run_program({"/no/program"}, "");
  REQUIRE_FALSE(end);
  CHECK(end.error().message == "/no/program cannot be run: No such file or directory");
}

TEST_CASE("the first line that says something") {
  CHECK(first_line("a\nb") == "a");
  CHECK(first_line("\n  \n b \n") == "b");
  CHECK(first_line("") == "no reason given");
}

}  // namespace
}  // namespace woad::redirect
