#include "proxy/net/tls/connection_age.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace woad;

namespace {

constexpr WallTime kBegin{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}};

// Writes down when it was told what: "old 3540, too old 3600", in seconds.
struct Aged final : AgeSink {
  void on_old() override { add("old "); }
  void on_too_old() override { add("too old "); }
  void add(const std::string& what) {
    const auto at = std::chrono::floor<seconds>(scheduler.now().time_since_epoch()).count();
    log += (log.empty() ? "" : ", ") + what + std::to_string(at);
  }
  std::string run(seconds time) {
    for (seconds at(0); at < time; at += seconds(1)) {
      scheduler.advance(scheduler.now() + seconds(1));
    }
    return log;
  }

  Scheduler scheduler{MonoTime(), kBegin};
  ConnectionAge age{scheduler, *this};
  std::string log;
};

TEST_CASE("the age of a connection: certificates, and what replaced them") {
  struct Case {
    const char* what;
    std::optional<Duration> certificate;  // ends so long after the beginning
    std::optional<Duration> within;
    const char* told;
  };
  const Case cases[] = {
      {"nothing ends it", {}, {}, ""},
      {"its certificate ends: it drains then, and has the grace for it",
       seconds(600),
       {},
       "old 600, too old 660"},
      // The clocks may differ by kClockSkew, so such a one was let in.
      {"a certificate that ends now", seconds(0), {}, "old 60, too old 120"},
      {"a certificate that had ended, within the skew", -seconds(50), {}, "old 10, too old 70"},
      {"a certificate that had ended long ago", -seconds(600), {}, "too old 1"},
      {"replaced", {}, ConnectionAge::kReplaced, "old 3540, too old 3600"},
      {"ended soon: no longer than asked for", {}, seconds(30), "old 1, too old 30"},
      {"the certificate ends first", seconds(600), ConnectionAge::kReplaced,
       "old 600, too old 660"},
      {"what replaced it ends it first", seconds(7200), ConnectionAge::kReplaced,
       "old 3540, too old 3600"},
  };
  for (const Case& each : cases) {
    for (const bool certificate_first : {true, false}) {
      CAPTURE(each.what);
      CAPTURE(certificate_first);
      Aged aged;
      const auto certificate = [&] {
        if (each.certificate) aged.age.end_with_certificate(kBegin + *each.certificate);
      };
      if (certificate_first) certificate();
      if (each.within) aged.age.end_within(*each.within);
      if (!certificate_first) certificate();
      CHECK(aged.run(seconds(9000)) == each.told);
    }
  }
}

TEST_CASE("the age of a connection: a server without a certificate of an end has none") {
  Aged aged;
  aged.age.end_with_certificate(WallTime::max());
  CHECK(aged.run(seconds(9000)) == "");
}

TEST_CASE("the age of a connection: replaced twice, the first counts") {
  Aged aged;
  aged.age.end_within(ConnectionAge::kReplaced);
  CHECK(aged.run(seconds(3000)) == "");
  aged.age.end_within(ConnectionAge::kReplaced);
  CHECK(aged.run(seconds(6000)) == "old 3540, too old 3600");
}

TEST_CASE("the age of a connection: an earlier end while it drains") {
  Aged aged;
  aged.age.end_within(seconds(100));
  CHECK(aged.run(seconds(50)) == "old 40");
  aged.age.end_with_certificate(kBegin + seconds(20));  // has ended: the skew, then the grace
  CHECK(aged.run(seconds(100)) == "old 40, too old 100");
}

TEST_CASE("the age of a connection: nothing is told once it is stopped") {
  Aged aged;
  aged.age.end_within(seconds(100));
  CHECK(aged.run(seconds(50)) == "old 40");
  aged.age.stop();
  CHECK(aged.run(seconds(200)) == "old 40");
}

}  // namespace
