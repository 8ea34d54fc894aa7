#include "proxy/context/hashed_slab.h"

#include <doctest/doctest.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "proxy/base/random.h"
#include "proxy/context/age_list.h"

using namespace woad;

namespace {

struct Item {
  uint64_t key = 0;
  uint32_t next = 0;
  uint32_t older = 0;
  uint32_t newer = 0;
  std::unique_ptr<int> value;
};

}  // namespace

TEST_CASE("a slab answers like a map, whatever was added and removed before") {
  HashedSlab<Item> slab;
  std::unordered_map<uint64_t, uint32_t> model;
  Random random(1);
  size_t most = 0;
  for (int step = 0; step < 60000; ++step) {
    // Even spread is the promise of the keys; few of them, so that they come back.
    const uint64_t key = Random(random.below(20000)).next();
    const auto known = model.find(key);
    const uint32_t at = slab.find(key);
    REQUIRE((at != kNoItem) == (known != model.end()));
    if (known == model.end()) {
      const uint32_t added = slab.add(key);
      REQUIRE(slab[added].value == nullptr);
      slab[added].value = std::make_unique<int>(static_cast<int>(added));
      model[key] = added;
    } else {
      REQUIRE(at == known->second);
      REQUIRE(*slab[at].value == static_cast<int>(at));
      if (step % 3 == 0) {
        slab.remove(at);
        model.erase(known);
      }
    }
    REQUIRE(slab.size() == model.size());
    most = std::max(most, model.size());
  }
  CHECK(most > 5000);
  CHECK(slab.bytes() < most * (sizeof(Item) + 4) + 20000);
}

TEST_CASE("items of one key are told apart") {
  HashedSlab<Item> slab;
  const uint32_t a = slab.add(5);
  const uint32_t b = slab.add(5);
  slab[a].older = 1;
  slab[b].older = 2;
  CHECK(slab.find(5, [](const Item& item) { return item.older == 1; }) == a);
  CHECK(slab.find(5, [](const Item& item) { return item.older == 2; }) == b);
  CHECK(slab.find(5, [](const Item& item) { return item.older == 3; }) == kNoItem);
}

TEST_CASE("items do not move when the slab grows") {
  HashedSlab<Item> slab;
  const Item* first = &slab[slab.add(1)];
  for (uint64_t key = 2; key < 10000; ++key) slab.add(key);
  CHECK(&slab[slab.find(1)] == first);
}

TEST_CASE("an age list keeps the order of pushing over removals anywhere") {
  HashedSlab<Item> slab;
  AgeList<Item> list;
  std::vector<uint32_t> order;
  for (uint64_t key = 0; key < 10; ++key) {
    order.push_back(slab.add(key));
    list.push(slab, order.back());
  }
  for (const size_t gone : {size_t{9}, size_t{0}, size_t{4}, size_t{3}}) {
    list.unlink(slab, order[gone]);
  }
  list.push(slab, order[4]);
  for (const size_t next : std::vector<size_t>{1, 2, 5, 6, 7, 8, 4}) {
    CHECK(list.oldest() == order[next]);
    list.unlink(slab, order[next]);
  }
  CHECK(list.oldest() == kNoItem);
}
