// A doubly linked list whose links live in its elements: O(1) insert and unlink, no allocation.
// An element unlinks itself when it is destroyed. One thread.
#pragma once

namespace woad {

class ListLink {
 public:
  ListLink() = default;
  ListLink(const ListLink&) = delete;
  ListLink& operator=(const ListLink&) = delete;
  ~ListLink() { unlink(); }

  bool linked() const { return next_ != this; }
  void unlink() {
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = this;
  }

 private:
  template <class T>
  friend class IntrusiveList;
  ListLink* prev_ = this;
  ListLink* next_ = this;
};

// A list of T, each of which derives (publicly) from ListLink. Does not own its elements.
template <class T>
class IntrusiveList {
 public:
  bool empty() const { return !head_.linked(); }
  T& front() { return *static_cast<T*>(head_.next_); }
  T& back() { return *static_cast<T*>(head_.prev_); }

  // An element of any list, this one too, is moved.
  void push_back(T& element) {
    static_cast<ListLink&>(element).unlink();
    insert(*head_.prev_, element, head_);
  }
  void push_front(T& element) {
    static_cast<ListLink&>(element).unlink();
    insert(head_, element, *head_.next_);
  }
  T& pop_front() {
    T& element = front();
    static_cast<ListLink&>(element).unlink();
    return element;
  }
  // Takes over all elements of `other`, behind its own.
  void splice_back(IntrusiveList& other) {
    while (!other.empty()) push_back(other.pop_front());
  }
  // A visit may remove the element it is at.
  template <class F>
  void for_each(F&& visit) {
    for (ListLink* link = head_.next_; link != &head_;) {
      ListLink* next = link->next_;
      visit(*static_cast<T*>(link));
      link = next;
    }
  }
  // A visit may remove any element, and add some, which are not visited.
  template <class F>
  void visit_each(F&& visit) {
    IntrusiveList rest;
    rest.splice_back(*this);
    while (!rest.empty()) {
      T& element = rest.pop_front();
      push_back(element);
      visit(element);
    }
  }

 private:
  static void insert(ListLink& before, T& element, ListLink& after) {
    ListLink& link = element;
    link.prev_ = &before;
    link.next_ = &after;
    before.next_ = &link;
    after.prev_ = &link;
  }

  ListLink head_;
};

}  // namespace woad
