// How long a client's connection lives once a certificate of it ends or is replaced.
#include "tests/server/inbound_rig.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nhost: price\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

TlsContext::Ptr of_other_domain() {
  constexpr std::string_view kOther = "other.org";
  static const Issued root = issue(ca_spec("root of other.org"));
  static const Issued leaf = issue(leaf_spec("spiffe://other.org/price"), &root);
  return sure(TlsContext::make(sure(load(leaf, root.certificate, kCertificateNow, kOther))));
}

// A connection with a request under way, or idle behind one.
struct Connected {
  explicit Connected(bool busy) : client(rig) {
    client.send(kGet);
    rig.app();
    if (!busy) answer();
  }
  std::string answer() {
    rig.world.dialer.peer(0).send(kOk);
    return client.take();
  }
  void pass(Duration time) {
    rig.world.pass(time);
    client.talk();
  }

  InboundRig rig;
  TlsClient client;
};

TEST_CASE("epoch: the same one changes nothing") {
  Connected idle(false);
  idle.rig.connection().on_newer_epoch(idle.rig.snapshot->tls.own.context);
  idle.pass(seconds(1));
  CHECK_FALSE(idle.client.ended());
  Connected busy(true);
  busy.rig.connection().on_newer_epoch(busy.rig.snapshot->tls.own.context);
  busy.pass(hours(2));
  CHECK(busy.answer().find("connection: close") == std::string::npos);
  CHECK_FALSE(busy.client.ended());
}

TEST_CASE("epoch: a newer one of our trust domain leaves an hour") {
  const TlsContext::Ptr renewed = make_context(workloads().price, workloads().root.certificate);
  Connected used(false);  // goes on with new requests meanwhile
  used.rig.connection().on_newer_epoch(renewed);
  used.client.send(kGet);
  CHECK(used.answer().find("connection: close") == std::string::npos);
  CHECK_FALSE(used.client.ended());

  Connected drained(true);
  drained.rig.connection().on_newer_epoch(renewed);
  drained.pass(minutes(59) + seconds(1));
  CHECK_FALSE(drained.client.ended());
  CHECK(drained.answer().find("connection: close\r\n") != std::string::npos);
  CHECK(drained.client.ended());

  Connected cut(true);
  cut.rig.connection().on_newer_epoch(renewed);
  cut.pass(minutes(59) + seconds(59));
  cut.rig.connection().on_newer_epoch(workloads().cart_context);  // again: the first hour counts
  CHECK_FALSE(cut.client.ended());
  cut.pass(seconds(2));
  CHECK(cut.client.ended());
  CHECK(cut.client.take().empty());
}

TEST_CASE("epoch: another trust domain, or none, drains at once") {
  for (const TlsContext::Ptr& epoch : {of_other_domain(), TlsContext::Ptr()}) {
    CAPTURE(epoch == nullptr);
    Connected idle(false);
    idle.rig.connection().on_newer_epoch(epoch);
    CHECK(idle.client.ended());
    CHECK(idle.client.tls().closed());

    Connected busy(true);
    busy.rig.connection().on_newer_epoch(epoch);
    CHECK_FALSE(busy.client.ended());
    CHECK(busy.answer().find("connection: close\r\n") != std::string::npos);
    CHECK(busy.client.ended());
    CHECK(busy.client.tls().closed());
  }
}

TEST_CASE("epoch: plaintext is of none") {
  InboundRig rig("mtls: permissive");
  MemoryPeer& client = rig.client();
  client.send(kGet);
  rig.world.turn();
  rig.app();
  rig.connection().on_newer_epoch(of_other_domain());
  rig.connection().on_newer_epoch(nullptr);
  rig.world.pass(hours(2));
  rig.world.dialer.peer(0).send(kOk);
  rig.world.turn();
  CHECK(client.received().find("connection: close") == std::string::npos);
  CHECK_FALSE(client.closed());
}

TEST_CASE("epoch: a certificate that ends takes its connection along") {
  CertificateSpec theirs = leaf_spec(kCartId);
  CertificateSpec ours = leaf_spec(kPriceId);
  struct Case {
    std::string_view whose;
    Duration theirs, ours;
  };
  for (const Case& each :
       {Case{"theirs", minutes(3), hours(24)}, Case{"ours", hours(24), minutes(3)},
        Case{"both", minutes(4), minutes(3)}}) {
    for (const std::string_view what : {"idle", "answered", "cut"}) {
      CAPTURE(each.whose);
      CAPTURE(what);
      theirs.ends = each.theirs;
      ours.ends = each.ours;
      InboundRig rig("mtls: strict",
                     make_context(issue(ours, &workloads().root), workloads().root.certificate));
      TlsClient client(rig, issue(theirs, &workloads().root), {"http/1.1"});
      if (what != "idle") {
        client.send(kGet);
        rig.app();
      }
      rig.world.pass(minutes(3) - seconds(1));
      CHECK_FALSE(client.ended());
      rig.world.pass(seconds(2));
      CHECK(client.ended() == (what == "idle"));
      if (what == "answered") {
        rig.world.dialer.peer(0).send(kOk);
        CHECK(client.take().find("connection: close\r\n") != std::string::npos);
      } else if (what == "cut") {
        rig.world.pass(ConnectionAge::kGrace);
      }
      CHECK(client.ended());
    }
  }
}

}  // namespace
