// A context is shared by all workers: handshakes on several threads at once, each on a loop of its
// own, with peers that are accepted and peers that are not.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "tests/net/tls/rig.h"

namespace woad::test {
namespace {

TEST_CASE("threads share contexts, their cache among them") {
  constexpr int kThreads = 4;
  constexpr int kRounds = 25;
  const TlsContext::Ptr context = make_context(workloads().price, workloads().root.certificate);
  const Issued stranger = issue(ca_spec("stranger"));
  const Issued bad = issue(leaf_spec(kCartId), &stranger);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        const bool good = (round + i) % 3 != 0;
        World world;
        OneSide ours(world);
        ours.accept(context);
        OpensslPeer client(client_of(good ? workloads().cart : bad));
        client.talk(ours.wire, world.scheduler);
        if (ours.outcome.ready.has_value() != good) ++wrong;
        if (good && ours.outcome.ready->peer->id != kCartId) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  const TlsContext::PeerCounts counts = context->peer_counts();
  CHECK(counts.cached + counts.verified == kThreads * kRounds);
  CHECK(counts.cached > 0);
}

}  // namespace
}  // namespace woad::test
