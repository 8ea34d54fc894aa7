#include "proxy/base/intrusive_list.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace woad {
namespace {

struct Item : ListLink {
  explicit Item(char name_in) : name(name_in) {}
  char name;
};

std::string names(IntrusiveList<Item>& list) {
  std::string text;
  list.for_each([&](Item& item) { text += item.name; });
  return text;
}

TEST_CASE("order, ends, unlinking") {
  IntrusiveList<Item> list;
  Item a('a');
  Item b('b');
  Item c('c');
  CHECK(list.empty());
  CHECK(!a.linked());
  list.push_back(a);
  list.push_back(b);
  list.push_front(c);
  CHECK(names(list) == "cab");
  CHECK(list.front().name == 'c');
  CHECK(list.back().name == 'b');
  a.unlink();
  a.unlink();
  CHECK(!a.linked());
  CHECK(names(list) == "cb");
  CHECK(list.pop_front().name == 'c');
  CHECK(names(list) == "b");
}

TEST_CASE("inserting a linked element moves it, also from another list") {
  IntrusiveList<Item> first;
  IntrusiveList<Item> second;
  Item a('a');
  Item b('b');
  first.push_back(a);
  first.push_back(b);
  first.push_back(a);
  CHECK(names(first) == "ba");
  second.push_front(b);
  CHECK(names(first) == "a");
  CHECK(names(second) == "b");
  second.splice_back(first);
  CHECK(names(second) == "ba");
  CHECK(first.empty());
}

TEST_CASE("pushing the element that stands at that end already changes nothing") {
  IntrusiveList<Item> list;
  Item a('a');
  Item b('b');
  list.push_back(a);
  list.push_back(b);
  list.push_back(b);
  list.push_front(a);
  CHECK(names(list) == "ab");
}

TEST_CASE("an element that dies leaves its list, even while it is visited") {
  IntrusiveList<Item> list;
  auto a = std::make_unique<Item>('a');
  auto b = std::make_unique<Item>('b');
  auto c = std::make_unique<Item>('c');
  for (auto* item : {&a, &b, &c}) list.push_back(**item);
  list.for_each([&](Item& item) {
    if (item.name == 'b') b.reset();
  });
  CHECK(names(list) == "ac");
  a.reset();
  c.reset();
  CHECK(list.empty());
}

}  // namespace
}  // namespace woad
